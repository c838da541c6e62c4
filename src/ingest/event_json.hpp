#pragma once

#include "base/types.hpp"
#include "model/series.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace millrace {

/// An event in words of its own, borrowed: to be written out or sent.
struct EventText {
  std::string_view metric;
  std::string_view source;  ///< Empty: left out.
  std::optional<Millis> time;
  double value = 0;  ///< Finite.
  std::span<const std::pair<std::string_view, std::string_view>> tags;
};

/// Appends the event as one NDJSON line, line feed included: what EventParser reads back alike, by its fast path where
/// no name needs escapes. Names must be UTF-8. The value is written with the fewest digits that give the same double.
void append_event_json(std::string& out, const EventText& event);
/// The same for an event of a known series.
void append_event_json(std::string& out, const SeriesKey& key, Millis time, double value);

}  // namespace millrace
