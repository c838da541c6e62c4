#include "net/chunked.hpp"

#include <algorithm>

namespace millrace::net {
namespace {

constexpr std::size_t kExtensionLimit = 256;
constexpr std::size_t kTrailerLimit = 4096;

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_text(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
}

}  // namespace

void ChunkedDecoder::took(std::size_t bytes) {
  left_ -= std::min<std::uint64_t>(bytes, left_);
  if (left_ == 0) state_ = State::data_cr;
}

bool ChunkedDecoder::step(char c) {
  switch (state_) {
    case State::size: {
      const int digit = hex(c);
      if (digit >= 0) {
        if (++digits_ > 15) return false;
        left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
        return true;
      }
      if (digits_ == 0) return false;
      extra_ = 0;
      if (c == '\r')
        state_ = State::size_lf;
      else if (c == ';')
        state_ = State::extension;
      else
        return false;
      return true;
    }
    case State::extension:
      if (c == '\r')
        state_ = State::size_lf;
      else
        return is_text(c) && ++extra_ <= kExtensionLimit;
      return true;
    case State::size_lf:
      if (c != '\n') return false;
      extra_ = 0;
      digits_ = 0;
      state_ = left_ == 0 ? State::trailer_start : State::data;
      return true;
    case State::data_cr: state_ = State::data_lf; return c == '\r';
    case State::data_lf: state_ = State::size; return c == '\n';
    case State::trailer_start:
      if (c == '\r') {
        state_ = State::end_lf;
        return true;
      }
      if (c == ' ' || c == '\t') return false;
      state_ = State::trailer;
      return is_text(c) && ++extra_ <= kTrailerLimit;
    case State::trailer:
      if (c == '\r')
        state_ = State::trailer_lf;
      else
        return is_text(c) && ++extra_ <= kTrailerLimit;
      return true;
    case State::trailer_lf: state_ = State::trailer_start; return c == '\n';
    case State::end_lf: state_ = State::done; return c == '\n';
    case State::data:
    case State::done: break;
  }
  return false;
}

std::expected<std::size_t, Refusal> ChunkedDecoder::feed(std::string_view bytes, std::string& body) {
  std::size_t at = 0;
  while (at < bytes.size() && state_ != State::done) {
    if (state_ == State::data) {
      const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - at));
      body.append(bytes.substr(at, size));
      took(size);
      at += size;
      continue;
    }
    const bool sized = state_ == State::size_lf;
    if (!step(bytes[at])) {
      return std::unexpected<Refusal>(Refusal{400, "bad_chunk", "The chunked body is malformed."});
    }
    if (sized && state_ == State::data) {
      total_ += left_;
      if (total_ > limit_) {
        return std::unexpected<Refusal>(
            Refusal{413, "body_too_large", "The body is larger than " + std::to_string(limit_) + " bytes."});
      }
    }
    ++at;
  }
  return at;
}

}  // namespace millrace::net
