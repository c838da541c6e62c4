#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::net {

/// Why bytes were not taken as a request; the connection closes after the answer.
struct Refusal {
  int status = 400;
  std::string_view code;
  std::string message;
};

/// Bounds of a header block, in bytes and lines.
struct HeadLimits {
  std::size_t bytes = 16U << 10;
  std::size_t request_line = 8U << 10;
  std::size_t headers = 100;
};

/// How the end of a request's body is found.
enum class Framing { none, length, chunked };

/// A header block that left no doubt. The views point into the block that was read.
struct Head {
  std::string_view method;
  std::string_view target;
  int minor_version = 1;
  std::vector<std::pair<std::string_view, std::string_view>> headers;  ///< Names as sent, values trimmed.
  Framing framing = Framing::none;
  std::uint64_t length = 0;  ///< Of the body, if framing is length.
  bool keep_alive = true;
  bool expects_continue = false;
  bool upgrades_to_websocket = false;

  /// The first value of that name (given in lower case), empty if absent.
  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;
};

/// Length of the header block that `bytes` starts with, blank line included; 0 if more bytes are needed. Refuses as
/// soon as it can be known: bare LF, NUL, a request line or block over its limit. `from`: bytes looked at before.
[[nodiscard]] std::expected<std::size_t, Refusal> find_head(std::string_view bytes, const HeadLimits& limits,
                                                            std::size_t from = 0);

/// Reads a whole header block (as find_head measured it) by RFC 9112, without any of its leniencies: no obs-fold, no
/// bare LF, no blank before a colon, one Host, one Content-Length or one `Transfer-Encoding: chunked`, never both.
/// The only reader of header blocks: what it does not understand nobody behind it will understand otherwise.
[[nodiscard]] std::expected<Head, Refusal> read_head(std::string_view block, const HeadLimits& limits);

/// Equal but for the case of ASCII letters.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);
/// Whether a comma-separated list (Connection, Upgrade) holds `token`, ignoring case.
[[nodiscard]] bool list_has(std::string_view list, std::string_view token);

}  // namespace millrace::net
