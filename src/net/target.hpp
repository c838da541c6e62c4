#pragma once

#include "net/header_guard.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::net {

/// A request target, decoded.
struct Target {
  std::string path;       ///< Starts with '/', or is "*" (OPTIONS only).
  std::string authority;  ///< Of an absolute-form target: it replaces the Host header; else empty.
  std::vector<std::pair<std::string, std::string>> query;
};

/// Decodes origin-form, absolute-form and "*". Refuses (400) what could mean two things: bad or control-character
/// escapes, an encoded slash or backslash, dot segments in any spelling, text that is not UTF-8.
[[nodiscard]] std::expected<Target, Refusal> read_target(std::string_view target);

/// Percent-decodes; `plus_is_blank` as in a query. nullopt: a '%' without two hex digits.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank);

/// Whether the bytes are well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view bytes);

}  // namespace millrace::net
