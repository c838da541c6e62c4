#include "net/client.hpp"
#include "net/client_stream.hpp"

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <chrono>
#include <deque>
#include <optional>
#include <utility>

namespace millrace::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::system::error_code;

struct WebSocketClient::Impl {
  template <class F>
  auto with(F use) {
    return tls ? use(*tls) : use(*plain);
  }
  [[nodiscard]] bool open() const { return plain || tls; }
  void listen();
  void close_now();

  Url url;
  asio::io_context io{1};
  std::optional<asio::ssl::context> context;
  std::optional<websocket::stream<PlainStream, false>> plain;
  std::optional<websocket::stream<TlsStream, false>> tls;
  beast::flat_buffer buffer;
  std::deque<std::string> messages;  // read while something else was waited for
  bool reading = false;
  error_code ended;
};

void WebSocketClient::Impl::listen() {
  if (reading || ended) return;
  reading = true;
  with([this](auto& stream) {
    stream.async_read(buffer, [this](error_code error, std::size_t) {
      reading = false;
      if (error) {
        ended = error;
        return;
      }
      messages.push_back(beast::buffers_to_string(buffer.data()));
      buffer.clear();
    });
  });
}

void WebSocketClient::Impl::close_now() {
  if (!open()) return;
  with([](auto& stream) { beast::get_lowest_layer(stream).close(); });
  io.restart();
  io.run();  // what was under way ends with an error
  plain.reset();
  tls.reset();
}

WebSocketClient::WebSocketClient() : impl_(std::make_unique<Impl>()) {}
WebSocketClient::~WebSocketClient() { impl_->close_now(); }

Result<void> WebSocketClient::connect(const Url& url, std::string_view target,
                                      const std::vector<std::pair<std::string, std::string>>& headers) {
  constexpr Duration kPatience{10'000};
  auto& self = *impl_;
  self.close_now();
  self.url = url;
  self.ended = {};
  self.messages.clear();
  self.buffer.clear();
  Result<void> connected;
  if (url.tls) {
    if (!self.context) self.context = make_client_tls();
    self.tls.emplace(self.io, *self.context);
    connected = connect_tcp(self.io, beast::get_lowest_layer(*self.tls), url, kPatience);
    if (connected) connected = handshake_tls(self.io, self.tls->next_layer(), url, kPatience);
  } else {
    self.plain.emplace(self.io);
    connected = connect_tcp(self.io, beast::get_lowest_layer(*self.plain), url, kPatience);
  }
  error_code error = pending();
  if (connected) {
    const std::string host = host_header(url);
    self.with([&](auto& stream) {
      beast::get_lowest_layer(stream).expires_after(kPatience);
      stream.read_message_max(std::size_t{64} << 20);
      stream.set_option(websocket::stream_base::decorator([&headers](websocket::request_type& request) {
        for (const auto& [name, value] : headers) request.insert(name, value);
      }));
      stream.async_handshake(host, {target.data(), target.size()}, [&error](error_code outcome) { error = outcome; });
    });
    run_until_set(self.io, error);
    if (error) connected = client_error(url, "the WebSocket handshake", error);
  }
  if (!connected) {
    self.close_now();
    return connected;
  }
  self.with([](auto& stream) {
    beast::get_lowest_layer(stream).expires_never();
    stream.text(true);
  });
  return {};
}

Result<std::string> WebSocketClient::receive(Duration timeout) {
  auto& self = *impl_;
  if (!self.open()) return fail(ErrorCode::unavailable, "The WebSocket is not connected.");
  const auto until = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    if (!self.messages.empty()) {
      std::string message = std::move(self.messages.front());
      self.messages.pop_front();
      return message;
    }
    if (self.ended) {
      const auto reason = self.with([](auto& stream) { return stream.reason(); });
      return fail(ErrorCode::unavailable, "The WebSocket is closed: code " + std::to_string(reason.code) + " " +
                                              std::string(reason.reason.data(), reason.reason.size()));
    }
    self.listen();
    self.io.restart();
    if (self.io.run_one_until(until) == 0) return fail(ErrorCode::deadline, "No message came in time.");
  }
}

Result<void> WebSocketClient::send(std::string_view text) {
  auto& self = *impl_;
  if (!self.open() || self.ended) return fail(ErrorCode::unavailable, "The WebSocket is not connected.");
  error_code error = pending();
  self.with([&](auto& stream) {
    stream.async_write(asio::buffer(text.data(), text.size()),
                       [&error](error_code outcome, std::size_t) { error = outcome; });
  });
  run_until_set(self.io, error);
  if (error) return client_error(self.url, "sending", error);
  return {};
}

void WebSocketClient::close() {
  auto& self = *impl_;
  if (!self.open()) return;
  if (!self.ended) {
    error_code error = pending();
    self.with([&](auto& stream) {
      beast::get_lowest_layer(stream).expires_after(std::chrono::seconds(2));
      stream.async_close(websocket::close_code::normal, [&error](error_code outcome) { error = outcome; });
    });
    run_until_set(self.io, error);
  }
  self.close_now();
}

}  // namespace millrace::net
