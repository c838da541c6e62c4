#pragma once

#include "base/types.hpp"
#include "model/series.hpp"

namespace millrace {

/// What the log needs to know of series: their names, so that its segments stand for themselves.
/// Safe from any thread: key() is asked by the log's writer, adopt() by start().
class SeriesNames {
 public:
  virtual ~SeriesNames() = default;

  /// The key of a series that stands in a batch handed to append. The reference stays valid while the log is open.
  [[nodiscard]] virtual const SeriesKey& key(SeriesId id) = 0;
  /// The id that a series has in this process, given now if it is new, limits or not: a replay decides nothing.
  virtual SeriesId adopt(const SeriesKey& key, Millis seen) = 0;
};

}  // namespace millrace
