#pragma once

#include "query/query.hpp"
#include "query/selection.hpp"

#include <vector>

namespace millrace {

/// Raw points, live and stored, each event once: live ones first, then the store's, and again if a commit moved
/// points from one to the other meanwhile.
struct RawRead {
  std::vector<RawAnswerPoint> points;  ///< Ascending by time; equal times in the order met.
  bool live_missing = false;
  bool too_many = false;  ///< More than the limit; points are cut.
};
[[nodiscard]] Result<RawRead> read_raw(Store& store, Engine& engine, const Selection& selection, Millis from, Millis to,
                                       std::size_t limit, Duration live_timeout);

}  // namespace millrace
