#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

#include <string>
#include <string_view>

namespace millrace {

/// Reads an RFC 3339 date-time: `2026-01-02T03:04:05.678+01:00`. Proleptic Gregorian, years 0000 to 9999; `T` and `Z`
/// in either case; the zone is required (`Z` or an offset up to 23:59). A fraction has 1 to 9 digits and is cut to
/// milliseconds. Second 60 is taken only at 23:59:60 UTC and counts, as POSIX time does, as the second that follows.
/// `invalid_argument` for anything else; the message names the part that is wrong and its byte (from 1).
[[nodiscard]] Result<Millis> parse_rfc3339(std::string_view text);

/// Writes `2026-01-02T03:04:10.000Z`: UTC, always milliseconds. Years outside 0000 to 9999 get a sign and at least six
/// digits, as in ECMAScript; parse_rfc3339 does not read those.
[[nodiscard]] std::string format_rfc3339(Millis at);

}  // namespace millrace
