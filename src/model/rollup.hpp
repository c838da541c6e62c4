#pragma once

#include "base/types.hpp"
#include "model/digest.hpp"

#include <cstdint>

namespace millrace {

/// The aggregate of the values of one series in one window (of one partition, or merged over several).
struct Rollup {
  std::uint64_t count = 0;
  double sum = 0;  ///< Neumaier: the true sum is sum + compensation.
  double compensation = 0;
  double min = 0;
  double max = 0;
  double first = 0;
  double last = 0;
  Millis first_time;  ///< Equal times: first keeps the earlier accepted, last takes the later.
  Millis last_time;
  Digest digest;

  Rollup() = default;
  explicit Rollup(double compression) : digest(compression) {}

  /// Folds one event in.
  void add(double value, Millis at);
  /// Folds another row in; of equal first or last times, this one counts as the earlier accepted.
  void merge(const Rollup& later);
  /// The same without digests: for answers that need no quantile.
  void merge_plain(const Rollup& later);

  [[nodiscard]] double total() const { return sum + compensation; }
  /// 0 when empty.
  [[nodiscard]] double average() const { return count == 0 ? 0 : total() / static_cast<double>(count); }
};

/// A rollup where it is kept: no two writers ever share a (partition, series, bucket).
struct Row {
  PartitionId partition;
  SeriesId series;
  Millis bucket;  ///< Start of the window.
  Rollup rollup;
};

/// How long a row's window is. raw is not a window but the points themselves.
enum class Level : std::uint8_t { raw = 0, ten_seconds = 1, minute = 2, hour = 3 };

/// Width of a level's window; 0 for raw.
[[nodiscard]] constexpr Duration width(Level level) {
  switch (level) {
    case Level::ten_seconds: return Duration{10'000};
    case Level::minute: return Duration{60'000};
    case Level::hour: return Duration{3'600'000};
    case Level::raw: break;
  }
  return Duration{0};
}

}  // namespace millrace
