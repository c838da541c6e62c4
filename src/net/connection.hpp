#pragma once

#include "base/types.hpp"
#include "net/net_thread.hpp"
#include "net/transport.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::net {

/// What is spoken over a connection: HTTP first, then perhaps WebSocket or an event stream. Called on the
/// connection's thread. closed() comes once and last; from then on the connection must not be used.
class Session {
 public:
  virtual ~Session() = default;
  /// Where the next bytes go: not empty, and stable until they have come.
  virtual std::span<char> space() = 0;
  virtual void received(std::size_t bytes) = 0;
  /// The peer will send nothing more.
  virtual void ended() = 0;
  /// Everything written has been handed to the kernel. Comes first of all when the connection is ready.
  virtual void drained() = 0;
  virtual void on_deadline(Duration now) = 0;
  /// The peer has taken no byte for stall_timeout.
  virtual void stalled() = 0;
  /// The server is stopping.
  virtual void shut_down() = 0;
  virtual void closed() = 0;
};

/// A socket with a queue of outgoing bytes, a deadline and an orderly end. Lives on one net thread.
class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(NetThread& thread, std::unique_ptr<Transport> transport, std::string remote);

  /// Shakes hands if it is TLS, then lets `session` speak.
  void start(std::shared_ptr<Session> session);
  /// Goes on with another session. No read may be under way.
  void become(std::shared_ptr<Session> session);

  /// Reads once; nothing if a read is under way.
  void read();
  /// Queues bytes; flush() or flush_soon() sends them.
  void write(std::string bytes);
  void write(std::shared_ptr<const std::string> bytes);
  void flush();
  /// After what runs now: several messages leave in one call.
  void flush_soon();
  /// Bytes not yet handed to the kernel.
  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  /// Forgets queued pieces of which no byte has been sent.
  void forget_queued();

  /// Sends what is queued, says goodbye, throws away what still comes for a while, and drops. `within`: the time that
  /// sending may stand still.
  void close(Duration within = Duration{30'000});
  /// Ends now.
  void drop();

  /// on_deadline is called at the first tick after this moment.
  void set_deadline(Duration at) { session_deadline_ = at; }
  [[nodiscard]] Duration deadline() const { return std::min(session_deadline_, own_deadline_); }
  void on_deadline(Duration now);
  void shut_down();

  [[nodiscard]] NetThread& thread() { return thread_; }
  [[nodiscard]] const std::string& remote() const { return remote_; }
  [[nodiscard]] bool open() const { return transport_ != nullptr; }

  static constexpr Duration kNever = Duration::max();

 private:
  /// Own bytes or shared ones.
  struct Piece {
    std::string own;
    std::shared_ptr<const std::string> shared;
    [[nodiscard]] std::string_view bytes() const { return shared ? std::string_view(*shared) : std::string_view(own); }
  };

  [[nodiscard]] std::vector<asio::const_buffer> gather() const;
  void advance(std::size_t bytes);
  void wait_to_write();
  void on_empty();
  void say_goodbye();
  void discard();

  NetThread& thread_;
  std::shared_ptr<Transport> transport_;  // shared with what is under way; null once dropped
  std::shared_ptr<Session> session_;
  std::string remote_;
  std::vector<Piece> queue_;
  std::size_t front_ = 0;     // of queue_: the first piece not wholly sent
  std::size_t offset_ = 0;    // in that piece
  std::size_t in_write_ = 0;  // pieces that an outstanding write may have taken
  std::size_t waiting_ = 0;
  Duration session_deadline_ = kNever;
  Duration own_deadline_ = kNever;  // stalled write, handshake or goodbye
  bool started_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool flush_posted_ = false;
  bool closing_ = false;
  bool goodbye_ = false;
  bool in_drained_ = false;
  bool drained_again_ = false;
};

}  // namespace millrace::net
