#pragma once

#include "ingest/series_cache.hpp"

#include <cstdint>

namespace millrace {

/// An event of the usual shape, read without normalising its names.
struct FastEvent {
  const char* after = nullptr;  ///< Behind the closing brace; nullptr: not the usual shape, nothing else counts.
  double value = 0;
  std::int64_t time = 0;
  bool timed = false;
  RawEvent raw;  ///< Names not yet judged but for their sizes, and perhaps not UTF-8; all else is ASCII.
};

/// How many bytes behind the last position that a scan may be asked to start a step from must be readable.
constexpr std::size_t fast_margin = 128;

/// Reads an event of the usual shape at `at`: a flat object, known keys in any order and once, others with plain ASCII
/// values, no escapes, at most one space after a colon or comma, a timestamp in whole ms or RFC 3339, flat string tags.
/// Anything else, right or wrong: `after` is nullptr and strict reading must decide. What it does accept, strict
/// reading accepts alike if the names are valid. `safe_end`: up to here, fast_margin bytes are readable.
[[nodiscard]] FastEvent scan_event(const char* at, const char* safe_end);

/// The part of a FastEvent that differs from event to event of one series.
struct FastPoint {
  const char* after = nullptr;  ///< As in FastEvent.
  double value = 0;
  std::int64_t time = 0;
};

/// Reads an event that is the entry's text but for value and timestamp, as scan_event would. Another text: `after` is
/// nullptr, and nothing is said about it.
[[nodiscard]] FastPoint match_event(const SeriesCache::Entry& entry, const char* at, const char* safe_end);

}  // namespace millrace
