#pragma once

#include "ingest/series_cache.hpp"

#include <cstdint>

namespace millrace {

/// An event of the usual shape, read without normalising its names.
struct FastEvent {
  const char* after = nullptr;  ///< Behind the closing brace; nullptr: not the usual shape, nothing else counts.
  RawName name;                 ///< Spans not yet judged but for their sizes; the body is valid UTF-8.
  double value = 0;
  std::int64_t time = 0;
  bool timed = false;
};

/// How many bytes behind the last position that scan_event may be asked to start a step from must be readable.
constexpr std::size_t fast_margin = 128;

/// Reads an event of the usual shape at `at`: a flat object, known keys in any order and once, no escapes, at most one
/// space after a colon or comma, a timestamp in whole ms or RFC 3339, flat string tags. Anything else, right or wrong:
/// `after` is nullptr and strict reading must decide. What it does accept, strict reading accepts alike.
/// `safe_end`: up to here, fast_margin bytes are readable.
[[nodiscard]] FastEvent scan_event(const char* at, const char* safe_end);

}  // namespace millrace
