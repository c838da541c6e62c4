#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

constexpr std::size_t max_name_bytes = 200;  ///< Of a metric, a source and a tag's value.
constexpr std::size_t max_tag_key_bytes = 100;
constexpr std::size_t max_tags = 32;

/// What is wrong with a name in valid UTF-8: longer than `most` bytes, empty (unless `may_be_empty`), or a control
/// character (C0, DEL, C1) in it. Nothing if it is fine.
[[nodiscard]] std::optional<std::string> name_fault(std::string_view text, std::size_t most, bool may_be_empty = false);

/// The text for a message: quoted, control characters escaped, cut after 40 bytes at a character's end.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace millrace
