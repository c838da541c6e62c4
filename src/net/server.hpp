#pragma once

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/result.hpp"
#include "base/types.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::net {

enum class Method { get, head, post, put, del, options };

/// A whole request; its body is as it came (not decompressed).
struct Request {
  Method method = Method::get;
  std::string path;                                          ///< Percent-decoded, starts with '/', no dot segments.
  std::vector<std::pair<std::string, std::string>> query;    ///< Decoded, in order.
  std::vector<std::pair<std::string, std::string>> headers;  ///< Names in lower case.
  std::string body;
  std::string remote;      ///< Peer's address, without port.
  std::string id;          ///< X-Request-Id: the caller's if sane, else ours.
  bool websocket = false;  ///< Asks for an upgrade to WebSocket.

  /// The header's value, empty if absent.
  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;
  /// The first query parameter of that name.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

/// An answer on its way out.
struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::shared_ptr<const std::string> shared_body;            ///< Instead of body: bytes sent without a copy.
  std::vector<std::pair<std::string, std::string>> headers;  ///< Beyond those that every response carries.
};

/// One open outgoing stream: a WebSocket or a text/event-stream. Calls are made on its own thread (see post).
class Stream {
 public:
  virtual ~Stream() = default;
  /// Queues one message; `id` becomes the event id in SSE. Keep idle() false from growing: send when idle() says so.
  virtual void send(std::shared_ptr<const std::string> message, const std::string& id) = 0;
  /// Nothing is waiting to be written.
  [[nodiscard]] virtual bool idle() const = 0;
  /// Called when the last queued byte has been handed to the kernel, and once when the stream has ended.
  virtual void on_idle(std::function<void()> callback) = 0;
  virtual void on_end(std::function<void()> callback) = 0;
  /// WebSocket only: text messages in. Binary ones are refused with 1003.
  virtual void on_message(std::function<void(std::string_view)> callback) = 0;
  /// WebSocket close code (SSE: ends).
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
  /// Runs on the stream's thread, from any thread; dropped if the stream has ended.
  virtual void post(std::function<void()> work) = 0;
};

/// Answers one request, once, from any thread. Dropped without an answer: 500. `stream` and `websocket` turn the
/// exchange into a Stream that lives until either side ends it. A body may also be sent in pieces.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void send(Response response) = 0;
  /// 200 text/event-stream. `opened` runs on the stream's thread.
  virtual void stream_events(std::function<void(std::shared_ptr<Stream>)> opened) = 0;
  /// 101; only if request.websocket. `protocol`: the chosen Sec-WebSocket-Protocol, empty for none.
  virtual void accept_websocket(std::string protocol, std::function<void(std::shared_ptr<Stream>)> opened) = 0;
  /// Chunked body: `next` is called only when the last piece has been handed to the kernel; an empty piece ends it.
  /// Called from a thread of the caller's own (a query pool's), it blocks there until the end and calls `next` there;
  /// called on a net thread it returns at once and `next` runs on that net thread. A gone client ends it early.
  virtual void send_pieces(Response head, std::function<std::string()> next) = 0;
};
using ResponderPtr = std::unique_ptr<Responder>;

/// Called on a net thread; must not block. `thread` numbers the net thread, 0-based: for per-thread caches.
using Handler = std::function<void(Request request, ResponderPtr responder, std::size_t thread)>;

/// How a Server listens, and its limits.
struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;  ///< 0: any free one.
  std::size_t threads = 2;
  std::string tls_certificate;  ///< PEM files; empty: no TLS.
  std::string tls_key;
  std::size_t body_limit = 32U << 20;  ///< As it comes over the wire.
  std::size_t header_limit = 16U << 10;
  std::size_t header_count = 100;
  std::size_t message_limit = 64U << 10;  ///< One WebSocket message in.
  std::size_t connections = 20'000;
  Duration header_timeout{10'000};
  Duration idle_timeout{75'000};
  std::size_t in_flight = 1'000;    ///< Requests being answered, for each net thread; more are refused with 503.
  Duration body_grace{10'000};      ///< From here on a body must have come at `body_rate` on average, else 408.
  std::size_t body_rate = 1'024;    ///< Bytes a second.
  Duration stall_timeout{30'000};   ///< A reader that takes no byte for so long is closed (WebSocket: 1013).
  Duration ping_interval{20'000};   ///< A silent WebSocket is pinged; silent for as long again, it is closed.
  Duration heartbeat{15'000};       ///< Of an event stream on which nothing was sent.
  std::size_t control_frames = 60;  ///< WebSocket pings and pongs in 10 s; more are a flood (1008).
  Duration tick{250};               ///< How often timeouts are looked at.
  const Clock* clock = nullptr;     ///< For timeouts; null: the machine's.
};

/// HTTP/1.1 with keep-alive, pipelining, WebSocket, SSE. Knows nothing of metrics.
///
/// Every response carries X-Request-Id and the security headers (CSP without unsafe-inline, nosniff,
/// frame-ancestors none, Referrer-Policy). Framing that is in doubt is answered (400, 405, 411, 413, 414, 417, 431,
/// 501, 505) and the connection closed, before a handler sees it; errors have the body {"error":{"code","message"}}.
class Server {
 public:
  Server(ServerOptions options, Handler handler, Metrics& metrics);
  ~Server();

  /// Listens and starts the threads. Errors name the address and what to do (port in use, not allowed).
  Result<void> start();
  /// The port in use.
  [[nodiscard]] std::uint16_t port() const;
  /// Stops accepting, answers what is under way, closes WebSockets with 1012, ends within `grace`.
  void stop(Duration grace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The error body used everywhere: {"error":{"code":…,"message":…}}, escaped.
[[nodiscard]] Response error_response(int status, std::string_view code, std::string_view message);

}  // namespace millrace::net
