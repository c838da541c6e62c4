#pragma once

#include <cstdint>
#include <string_view>

namespace millrace {

/// What may stand before the first byte of a text, and is stepped over.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Whole numbers below are most likely seconds, not milliseconds, and are refused as timestamps.
inline constexpr std::int64_t smallest_ms = 100'000'000'000;

}  // namespace millrace
