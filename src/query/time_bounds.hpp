#pragma once

#include "base/types.hpp"

namespace millrace {

/// The years 1 to 9999, which RFC 3339 can write: times outside them are refused.
inline constexpr Millis earliest_time{-62'135'596'800'000};
inline constexpr Millis latest_time{253'402'300'799'999};

}  // namespace millrace
