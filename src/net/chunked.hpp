#pragma once

#include "net/header_guard.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace millrace::net {

/// Undoes `Transfer-Encoding: chunked`, fed with whatever pieces arrive. Strict: sizes are 1 to 15 hex digits, lines
/// end in CRLF, extensions are skipped (up to 256 bytes), trailers are read and dropped (up to 4 KB).
class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(std::size_t limit) : limit_(limit) {}

  /// Takes from the front of `bytes` and appends the body's part to `body`; answers how many bytes were taken: all,
  /// unless the body has ended. Refuses with 400, or 413 as soon as a chunk would pass the limit.
  [[nodiscard]] std::expected<std::size_t, Refusal> feed(std::string_view bytes, std::string& body);
  /// The last chunk and its trailers have been taken.
  [[nodiscard]] bool done() const { return state_ == State::done; }
  /// Bytes of the chunk under way that are still to come: they may be read straight into the body.
  [[nodiscard]] std::size_t open() const { return state_ == State::data ? static_cast<std::size_t>(left_) : 0; }
  /// That many of open() have been put into the body by the caller.
  void took(std::size_t bytes);

 private:
  enum class State {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer,
    trailer_lf,
    end_lf,
    done
  };
  [[nodiscard]] bool step(char c);

  std::size_t limit_;
  State state_ = State::size;
  std::uint64_t left_ = 0;
  std::size_t digits_ = 0;
  std::size_t extra_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace millrace::net
