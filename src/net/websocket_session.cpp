#include "net/websocket_session.hpp"

#include "net/stream_base.hpp"

#include <algorithm>
#include <utility>

namespace millrace::net {
namespace {

constexpr std::size_t kSmallBuffer = 512;
constexpr std::size_t kLargeBuffer = 8U << 10;
constexpr Duration kCloseWait{5'000};
constexpr Duration kFloodWindow{10'000};

class WebSocketSession final : public StreamBase, public std::enable_shared_from_this<WebSocketSession> {
 public:
  explicit WebSocketSession(const std::shared_ptr<Connection>& connection)
      : StreamBase(connection), reader_(options().message_limit), in_(kSmallBuffer, '\0') {}

  void begin(std::string_view early) {
    heard();
    if (!early.empty()) take(early);
    if (!connection_) return;
    connection_->read();
    connection_->flush_soon();
  }

  void send(std::shared_ptr<const std::string> message, const std::string& /*id*/) override {
    if (over_ || !message) return;
    connection_->write(frame_header(1, message->size()));
    connection_->write(std::move(message));
    connection_->flush_soon();
  }

  void close(std::uint16_t code, std::string_view reason) override {
    if (over_) return;
    connection_->write(close_frame(code, reason));
    connection_->set_deadline(connection_->thread().now() + kCloseWait);
    closing_ = true;
    connection_->flush_soon();
    finish();
  }

  std::span<char> space() override { return in_; }

  void received(std::size_t bytes) override {
    const bool full = bytes == in_.size();
    take({in_.data(), bytes});
    if (!connection_) return;
    if (full && in_.size() < kLargeBuffer) in_.resize(kLargeBuffer);
    connection_->read();
  }

  void ended() override { connection_->drop(); }

  void on_deadline(Duration now) override {
    if (closing_) return connection_->drop();  // the peer never answered the close
    // While bytes wait, a slow reader can't see a ping: stall_timeout judges it.
    if (connection_->waiting() > 0) return connection_->set_deadline(now + options().ping_interval);
    if (pinged_) return fail(1001, "no pong");
    pinged_ = true;
    connection_->write(frame_header(9, 0));
    connection_->set_deadline(now + options().ping_interval);
    connection_->flush();
  }

  void stalled() override {
    if (closing_) return connection_->drop();
    connection_->forget_queued();
    fail(1013, "too slow", kCloseWait);
  }

  void shut_down() override { close(1012, "restart"); }

 private:
  [[nodiscard]] const ServerOptions& options() const { return connection_->thread().shared.options; }
  std::shared_ptr<StreamBase> self() override { return shared_from_this(); }

  void heard() {
    pinged_ = false;
    if (!closing_) connection_->set_deadline(connection_->thread().now() + options().ping_interval);
  }

  /// Says why and goes, without waiting for the peer's close.
  void fail(std::uint16_t code, std::string_view why, Duration within = Duration{30'000}) {
    const auto keep = shared_from_this();
    const auto connection = connection_;
    connection->write(close_frame(code, why));
    finish();
    connection->close(within);
  }

  /// Counts control frames: a flood of them costs us answers and the peer nothing.
  [[nodiscard]] bool floods() {
    const Duration now = connection_->thread().now();
    if (now - window_start_ >= kFloodWindow) {
      window_start_ = now;
      control_frames_ = 0;
    }
    return ++control_frames_ > options().control_frames;
  }

  void take(std::string_view bytes) {
    const auto keep = shared_from_this();
    heard();
    while (connection_) {
      auto event = reader_.next(bytes);
      if (!event) return;
      switch (event->kind) {
        case FrameEvent::Kind::text:
          if (!over_ && message_) {
            const auto callback = message_;  // it may set another, or end the stream
            callback(event->payload);
          }
          break;
        case FrameEvent::Kind::ping:
        case FrameEvent::Kind::pong:
          if (closing_) break;
          if (floods()) return fail(1008, "too many control frames");
          if (event->kind == FrameEvent::Kind::ping) {
            connection_->write(frame_header(10, event->payload.size()) + event->payload);
            connection_->flush_soon();
          }
          break;
        case FrameEvent::Kind::close:
          if (closing_) return connection_->close(kCloseWait);
          return fail(event->code, {}, kCloseWait);
        case FrameEvent::Kind::failure: return fail(event->code, event->payload);
      }
    }
  }

  FrameReader reader_;
  std::string in_;
  bool closing_ = false;  // we have sent a close and wait for the peer's
  bool pinged_ = false;
  std::size_t control_frames_ = 0;
  Duration window_start_{0};
};

}  // namespace

void open_websocket_session(const std::shared_ptr<Connection>& connection, std::string early,
                            const std::function<void(std::shared_ptr<Stream>)>& opened) {
  const auto session = std::make_shared<WebSocketSession>(connection);
  connection->become(session);
  if (opened) opened(session);
  session->begin(early);
}

}  // namespace millrace::net
