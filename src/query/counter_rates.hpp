#pragma once

#include "query/plan.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace millrace {

/// Seconds of [start, start + width) that have passed at `now`; of a bucket yet to come: all of it.
[[nodiscard]] double passed_seconds(Millis start, Duration width, Millis now);

/// Growth of counters: for each series the growth of its last value from one bucket to the next, summed by group.
///
/// A fall is a reset: the value after it is the growth. After a gap the growth is spread over it. A series without an
/// earlier bucket grows from its bucket's own first value.
class CounterRates {
 public:
  CounterRates(const Grid& grid, Millis now) : grid_(grid), now_(now) {}

  /// How far before the grid rows are wanted, so that its first bucket has one to grow from.
  [[nodiscard]] static Duration look_back(Duration width);

  void add(std::uint32_t group, const RowView& row);
  /// Works off what was added; every row of a series must have come by then.
  void finish();

  struct Growth {
    double rate = 0;    ///< A second, summed over series.
    double growth = 0;  ///< In the bucket, summed over series.
  };
  [[nodiscard]] Growth at(std::uint32_t group, std::size_t bucket) const;
  /// Growth of a group over the whole grid.
  [[nodiscard]] double total(std::uint32_t group) const;

 private:
  struct Sample {
    std::uint32_t series;
    std::uint32_t group;
    std::int64_t window;  ///< Index in the grid; negative before it.
    Millis first_time;
    Millis last_time;
    std::uint16_t partition;
    double first;
    double last;
  };

  Grid grid_;
  Millis now_;
  std::vector<Sample> samples_;
  std::unordered_map<std::uint64_t, Growth> growth_;  ///< By group x buckets + bucket.
  std::unordered_map<std::uint32_t, double> totals_;
};

}  // namespace millrace
