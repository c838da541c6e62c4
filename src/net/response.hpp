#pragma once

#include "net/server.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::net {

/// What a response head needs to know beyond the Response itself.
struct HeadFacts {
  std::string_view request_id;
  std::string_view date;                ///< As in the Date header.
  bool keep_alive = true;               ///< false adds Connection: close.
  bool say_keep_alive = false;          ///< HTTP/1.0: adds Connection: keep-alive.
  bool chunked = false;                 ///< Transfer-Encoding: chunked.
  std::optional<std::uint64_t> length;  ///< Content-Length.
};

/// Status line and headers up to the blank line. Line breaks inside values become blanks; the handler's own value
/// replaces a security header of the same name.
[[nodiscard]] std::string render_head(const Response& response, const HeadFacts& facts);

/// The reason phrase of a status, "Unknown" if it has none here.
[[nodiscard]] std::string_view reason(int status);
/// Seconds since 1970 as "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::string http_date(std::int64_t seconds);
}  // namespace millrace::net
