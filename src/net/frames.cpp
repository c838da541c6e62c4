#include "net/frames.hpp"

#include "net/target.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <utility>

namespace millrace::net {
namespace {

constexpr unsigned kContinuation = 0;
constexpr unsigned kBinary = 2;  // 1 is text
constexpr unsigned kClose = 8;
constexpr unsigned kPing = 9;
constexpr unsigned kPong = 10;
constexpr std::size_t kControlLimit = 125;

bool is_control(unsigned opcode) { return opcode >= kClose; }

}  // namespace

FrameEvent FrameReader::fail(std::uint16_t code, std::string_view why) {
  over_ = true;
  return {FrameEvent::Kind::failure, code, std::string(why)};
}

std::size_t FrameReader::header_size() const {
  if (header_have_ < 2) return 2;
  const unsigned length = header_[1] & 0x7FU;
  return 2U + (length == 126 ? 2U : length == 127 ? 8U : 0U) + (peer_ == Peer::client ? 4U : 0U);
}

std::optional<FrameEvent> FrameReader::read_header() {
  const unsigned opcode = header_[0] & 0x0FU;
  const bool final = (header_[0] & 0x80U) != 0;
  if ((header_[0] & 0x70U) != 0) return fail(1002, "reserved bits are set");
  if (opcode > kPong || (opcode > kBinary && opcode < kClose)) return fail(1002, "unknown opcode");
  if (((header_[1] & 0x80U) != 0) != (peer_ == Peer::client)) {
    return fail(1002, "a client's frame must be masked, a server's must not");
  }
  const unsigned length = header_[1] & 0x7FU;
  if (is_control(opcode)) {
    if (!final) return fail(1002, "a control frame is fragmented");
    if (length > kControlLimit) return fail(1002, "a control frame is longer than 125 bytes");
  } else if (opcode == kContinuation) {
    if (!in_message_) return fail(1002, "a continuation without a message");
  } else if (in_message_) {
    return fail(1002, "a new message inside a fragmented one");
  } else if (opcode == kBinary) {
    return fail(1003, "only text messages are understood");
  }
  if (header_have_ < header_size()) return std::nullopt;

  left_ = length;
  if (length >= 126) {
    left_ = 0;
    const std::size_t bytes = length == 126 ? 2 : 8;
    for (std::size_t i = 0; i < bytes; ++i) left_ = (left_ << 8) | header_[2 + i];
    if (left_ >> 63 != 0 || left_ < 126 || (length == 127 && left_ < 65536)) {
      return fail(1002, "the length is not in its shortest form");
    }
  }
  if (!is_control(opcode)) {
    if (left_ > limit_ - message_.size()) return fail(1009, "the message is larger than the limit");
    in_message_ = true;
  }
  in_payload_ = true;
  at_ = 0;
  return std::nullopt;
}

std::optional<FrameEvent> FrameReader::finish_frame() {
  const unsigned opcode = header_[0] & 0x0FU;
  const bool final = (header_[0] & 0x80U) != 0;
  in_payload_ = false;
  header_have_ = 0;
  if (!is_control(opcode)) {
    if (!final) return std::nullopt;
    in_message_ = false;
    if (!is_utf8(message_)) return fail(1007, "the text is not UTF-8");
    return FrameEvent{FrameEvent::Kind::text, 0, std::exchange(message_, {})};
  }
  std::string payload = std::exchange(control_, {});
  if (opcode == kPing) return FrameEvent{FrameEvent::Kind::ping, 0, std::move(payload)};
  if (opcode == kPong) return FrameEvent{FrameEvent::Kind::pong, 0, std::move(payload)};
  if (payload.empty()) {
    over_ = true;
    return FrameEvent{FrameEvent::Kind::close, 1005, {}};
  }
  if (payload.size() == 1) return fail(1002, "half a close code");
  const auto code = static_cast<std::uint16_t>((static_cast<unsigned char>(payload[0]) << 8) |
                                               static_cast<unsigned char>(payload[1]));
  if (!is_close_code(code)) return fail(1002, "a close code that must not be sent");
  payload.erase(0, 2);
  if (!is_utf8(payload)) return fail(1007, "the close reason is not UTF-8");
  over_ = true;
  return FrameEvent{FrameEvent::Kind::close, code, std::move(payload)};
}

std::optional<FrameEvent> FrameReader::next(std::string_view& bytes) {
  while (!over_) {
    if (!in_payload_) {
      const std::size_t need = header_size();
      if (header_have_ < need) {
        if (bytes.empty()) return std::nullopt;
        const std::size_t size = std::min(need - header_have_, bytes.size());
        std::copy_n(bytes.begin(), size, header_ + header_have_);
        header_have_ += size;
        bytes.remove_prefix(size);
        if (header_have_ < 2) continue;
      }
      // The first two bytes are judged before the rest is waited for.
      if (auto event = read_header()) return event;
      if (!in_payload_) continue;
    }
    std::string& into = is_control(header_[0] & 0x0FU) ? control_ : message_;
    const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    const unsigned char* const mask = header_ + header_size() - (peer_ == Peer::client ? 4 : 0);
    const std::size_t before = into.size();
    into.append(bytes.substr(0, size));
    for (std::size_t i = 0; i < size && peer_ == Peer::client; ++i) {
      into[before + i] = static_cast<char>(static_cast<unsigned char>(into[before + i]) ^ mask[(at_ + i) & 3]);
    }
    at_ += size;
    left_ -= size;
    bytes.remove_prefix(size);
    if (left_ > 0) return std::nullopt;
    if (auto event = finish_frame()) return event;
  }
  return std::nullopt;
}

std::string frame_header(unsigned opcode, std::size_t payload) {
  std::string header(1, static_cast<char>(0x80U | opcode));
  if (payload < 126) {
    header += static_cast<char>(payload);
  } else {
    const int bytes = payload < 65536 ? 2 : 8;
    header += static_cast<char>(bytes == 2 ? 126 : 127);
    for (int i = bytes - 1; i >= 0; --i)
      header += static_cast<char>((static_cast<std::uint64_t>(payload) >> (8 * i)) & 0xFF);
  }
  return header;
}

std::string close_frame(std::uint16_t code, std::string_view reason) {
  if (code == 1005) return frame_header(kClose, 0);
  reason = reason.substr(0, kControlLimit - 2);
  while (!is_utf8(reason)) reason.remove_suffix(1);
  std::string frame = frame_header(kClose, reason.size() + 2);
  frame += static_cast<char>(code >> 8);
  frame += static_cast<char>(code & 0xFF);
  frame += reason;
  return frame;
}

bool is_close_code(std::uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

std::string websocket_accept(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 32> base64{};
  const int size = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
  return {reinterpret_cast<const char*>(base64.data()), static_cast<std::size_t>(size)};
}

bool is_websocket_key(std::string_view key) {
  if (key.size() != 24 || !key.ends_with("==")) return false;
  return std::ranges::all_of(key.substr(0, 22), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/';
  });
}

}  // namespace millrace::net
