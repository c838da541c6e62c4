#include "net/client.hpp"
#include "net/client_stream.hpp"
#include "net/frames.hpp"
#include "net/header_guard.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <chrono>
#include <utility>

namespace millrace::net {
namespace {

constexpr std::size_t kMessageLimit = 64U << 20;
constexpr std::chrono::seconds kPatience{10};

std::string random_key() {
  std::array<unsigned char, 16> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  std::array<unsigned char, 32> base64{};
  const int size = EVP_EncodeBlock(base64.data(), bytes.data(), static_cast<int>(bytes.size()));
  return {reinterpret_cast<const char*>(base64.data()), static_cast<std::size_t>(size)};
}

std::string masked(std::string frame, std::size_t payload) {
  std::array<unsigned char, 4> mask{};
  RAND_bytes(mask.data(), static_cast<int>(mask.size()));
  const std::size_t header = frame.size() - payload;
  for (std::size_t i = 0; i < payload; ++i) {
    frame[header + i] = static_cast<char>(static_cast<unsigned char>(frame[header + i]) ^ mask[i & 3]);
  }
  frame[1] = static_cast<char>(static_cast<unsigned char>(frame[1]) | 0x80U);
  frame.insert(header, reinterpret_cast<const char*>(mask.data()), mask.size());
  return frame;
}

}  // namespace

struct WebSocketClient::Impl {
  Result<void> send_frame(std::string frame, std::size_t payload) {
    return stream->write(masked(std::move(frame), payload), std::chrono::steady_clock::now() + kPatience);
  }
  [[nodiscard]] std::unexpected<Error> end(std::string why) {
    ended = std::move(why);
    stream.reset();
    return fail(ErrorCode::unavailable, ended);
  }

  std::unique_ptr<ClientStream> stream;  // null: not connected
  FrameReader reader{kMessageLimit, FrameReader::Peer::server};
  std::string buffer = std::string(16U << 10, '\0');
  std::string_view unread;  // of buffer or early
  std::string early;
  std::string ended = "The WebSocket is not connected.";
};

WebSocketClient::WebSocketClient() : impl_(std::make_unique<Impl>()) {}
WebSocketClient::~WebSocketClient() = default;

Result<void> WebSocketClient::connect(const Url& url, std::string_view target,
                                      const std::vector<std::pair<std::string, std::string>>& headers) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  impl_ = std::make_unique<Impl>();
  auto opened = ClientStream::open(url, until);
  if (!opened) return fail(std::move(opened.error()));
  const std::string key = random_key();
  const auto sent = (*opened)->write(request_head(url, "GET", target, headers) +
                                         "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                         "Sec-WebSocket-Key: " +
                                         key + "\r\n\r\n",
                                     until);
  if (!sent) return sent;
  auto head = read_response_head(**opened, {}, until);
  if (!head) return fail(std::move(head.error()));
  if (head->response.status != 101 || header_of(head->response, "sec-websocket-accept") != websocket_accept(key)) {
    return fail(ErrorCode::unavailable, url.host + ":" + std::to_string(url.port) +
                                            ": the WebSocket handshake failed with status " +
                                            std::to_string(head->response.status) + ".");
  }
  impl_->early = std::move(head->rest);
  impl_->unread = impl_->early;
  impl_->stream = *std::move(opened);
  return {};
}

Result<std::string> WebSocketClient::receive(Duration timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  auto& self = *impl_;
  while (self.stream) {
    while (auto event = self.reader.next(self.unread)) {
      switch (event->kind) {
        case FrameEvent::Kind::text: return std::move(event->payload);
        case FrameEvent::Kind::pong: break;
        case FrameEvent::Kind::ping:
          if (auto sent =
                  self.send_frame(frame_header(10, event->payload.size()) + event->payload, event->payload.size());
              !sent) {
            return self.end(sent.error().message);
          }
          break;
        case FrameEvent::Kind::close:
        case FrameEvent::Kind::failure: {
          const std::string frame = close_frame(event->code, {});
          (void)self.send_frame(frame, frame.size() - 2).has_value();
          return self.end("The WebSocket is closed: code " + std::to_string(event->code) + " " + event->payload);
        }
      }
    }
    const auto size = self.stream->read(self.buffer, until);
    if (!size && size.error().code == ErrorCode::deadline) {
      return fail(ErrorCode::deadline, "No message came in time.");
    }
    if (!size) return self.end(size.error().message);
    if (*size == 0) return self.end("The WebSocket is closed: the connection ended without a close code.");
    self.unread = std::string_view(self.buffer).substr(0, *size);
  }
  return fail(ErrorCode::unavailable, self.ended);
}

Result<void> WebSocketClient::send(std::string_view text) {
  if (!impl_->stream) return fail(ErrorCode::unavailable, impl_->ended);
  return impl_->send_frame(frame_header(1, text.size()) + std::string(text), text.size());
}

void WebSocketClient::close() {
  if (!impl_->stream) return;
  const std::string frame = close_frame(1000, {});
  const bool sent = impl_->send_frame(frame, frame.size() - 2).has_value();
  // What is still under way is read up to the peer's close, so that it does not see a reset.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (sent && impl_->stream) {
    const auto left = std::chrono::duration_cast<Duration>(until - std::chrono::steady_clock::now());
    if (auto message = receive(std::max(left, Duration{0})); !message) break;
  }
  impl_->stream.reset();
}

}  // namespace millrace::net
