#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::net {

/// What a peer's WebSocket bytes amount to.
struct FrameEvent {
  enum class Kind {
    text,  ///< A whole message, UTF-8.
    ping,  ///< payload is to be sent back.
    pong,
    close,    ///< code 1005: none was given.
    failure,  ///< The connection must be closed with `code`; nothing more will be read.
  };
  Kind kind;
  std::uint16_t code = 0;
  std::string payload;  ///< Text, ping's bytes, or why it failed.
};

/// Reads RFC 6455 frames in whatever pieces they arrive. Pure: it neither sends nor waits.
class FrameReader {
 public:
  /// Who sends: a client must mask its frames, a server must not.
  enum class Peer { client, server };
  explicit FrameReader(std::size_t message_limit, Peer peer = Peer::client) : limit_(message_limit), peer_(peer) {}

  /// Takes from the front of `bytes`; nullopt when all are taken and nothing is whole yet. Takes nothing any more
  /// after a close or a failure.
  [[nodiscard]] std::optional<FrameEvent> next(std::string_view& bytes);

 private:
  [[nodiscard]] std::optional<FrameEvent> read_header();
  [[nodiscard]] std::optional<FrameEvent> finish_frame();
  [[nodiscard]] FrameEvent fail(std::uint16_t code, std::string_view why);
  [[nodiscard]] std::size_t header_size() const;

  std::size_t limit_;
  Peer peer_;
  unsigned char header_[14] = {};
  std::size_t header_have_ = 0;
  bool in_payload_ = false;
  bool over_ = false;
  std::uint64_t left_ = 0;
  std::uint64_t at_ = 0;  // in the payload: for the mask
  bool in_message_ = false;
  std::string message_;
  std::string control_;
};

/// A server's frame header for a payload of that size; `opcode` 1 text, 8 close, 9 ping, 10 pong.
[[nodiscard]] std::string frame_header(unsigned opcode, std::size_t payload);
/// A close frame; `reason` is cut to what fits in a control frame. Code 1005 gives an empty payload.
[[nodiscard]] std::string close_frame(std::uint16_t code, std::string_view reason);
/// Whether a peer may send this close code (RFC 6455, 7.4).
[[nodiscard]] bool is_close_code(std::uint16_t code);

/// Sec-WebSocket-Accept for a client's Sec-WebSocket-Key.
[[nodiscard]] std::string websocket_accept(std::string_view key);
/// Whether it is 16 bytes in base64.
[[nodiscard]] bool is_websocket_key(std::string_view key);

}  // namespace millrace::net
