#include "net/http_session.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace millrace::net {
namespace {

/// Where a caller's thread waits until its last piece has been written.
class Turnstile {
 public:
  void tell(bool going_on) {
    const std::lock_guard lock(mutex_);
    if (going_on) {
      ready_ = true;
    } else {
      gone_ = true;
    }
    changed_.notify_one();
  }
  /// Whether another piece may be sent.
  bool wait(const std::weak_ptr<NetThread>& thread) {
    std::unique_lock lock(mutex_);
    while (!ready_ && !gone_) {
      // A stopped server tells nobody anything: look at it now and then.
      changed_.wait_for(lock, std::chrono::milliseconds(200));
      if (!ready_ && !gone_ && thread.expired()) return false;
    }
    ready_ = false;
    return !gone_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ready_ = false;
  bool gone_ = false;
};

class HttpResponder final : public Responder {
 public:
  explicit HttpResponder(std::shared_ptr<HttpSession> session) : session_(std::move(session)) {}
  ~HttpResponder() override {
    if (session_) send(error_response(500, "internal", "The request was dropped without an answer."));
  }

  void send(Response response) override {
    run([response = std::move(response)](HttpSession& session) mutable { session.respond(std::move(response)); });
  }

  void stream_events(std::function<void(std::shared_ptr<Stream>)> opened) override {
    run([opened = std::move(opened)](HttpSession& session) mutable { session.open_events(std::move(opened)); });
  }

  void accept_websocket(std::string protocol, std::function<void(std::shared_ptr<Stream>)> opened) override {
    run([protocol = std::move(protocol), opened = std::move(opened)](HttpSession& session) mutable {
      session.open_websocket(protocol, std::move(opened));
    });
  }

  void send_pieces(Response head, std::function<std::string()> next) override {
    if (on_net_thread()) {
      return run([head = std::move(head), next = std::move(next)](HttpSession& session) mutable {
        session.respond_in_pieces(std::move(head), std::move(next), nullptr);
      });
    }
    const auto session = session_;
    if (!session) return;
    const auto thread = session->thread();
    const auto turnstile = std::make_shared<Turnstile>();
    run([head = std::move(head), turnstile](HttpSession& to) mutable {
      to.respond_in_pieces(std::move(head), nullptr, [turnstile](bool going_on) { turnstile->tell(going_on); });
    });
    while (turnstile->wait(thread)) {
      std::string piece = next();
      const bool last = piece.empty();
      if (const auto alive = thread.lock()) {
        alive->dispatch([session, piece = std::move(piece)]() mutable { session->piece(std::move(piece)); });
      }
      if (last) return;
    }
  }

 private:
  /// Does the one thing that a Responder does, on the connection's thread.
  template <class Work>
  void run(Work work) {
    const auto session = std::exchange(session_, nullptr);
    if (!session) return;
    if (const auto thread = session->thread().lock()) {
      thread->dispatch([session, work = std::move(work)]() mutable { work(*session); });
    }
  }

  std::shared_ptr<HttpSession> session_;
};

}  // namespace

ResponderPtr make_responder(std::shared_ptr<HttpSession> session) {
  return std::make_unique<HttpResponder>(std::move(session));
}

}  // namespace millrace::net
