#pragma once

#include <cstddef>
#include <string_view>

namespace millrace {

/// Without JSON's white space (space, tab, CR, LF) at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);

/// How long the JSON value is that `text` begins with, told by quotes and brackets alone; npos if its end can't be
/// told: a bracket stays open, or a line ends within a string.
[[nodiscard]] std::size_t value_size(std::string_view text);

/// Where the first byte that is no UTF-8 stands; npos if all of it is.
[[nodiscard]] std::size_t invalid_utf8_at(std::string_view text);

}  // namespace millrace
