#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

/// Appends `text` as a JSON string, quotes included: control characters, quotes and backslashes escaped, bytes that
/// are not UTF-8 replaced by U+FFFD, `<` and `>` escaped too so that it may stand inside HTML.
void append_json_string(std::string& out, std::string_view text);

/// Appends the shortest digits that read back as the same double; `null` for what JSON can't say (NaN, infinities).
void append_json_number(std::string& out, double value);
void append_json_integer(std::string& out, std::int64_t value);
void append_json_integer(std::string& out, std::uint64_t value);

}  // namespace millrace
