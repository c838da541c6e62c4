#pragma once

#include "base/function_ref.hpp"
#include "query/query.hpp"

#include <cstdint>
#include <vector>

namespace millrace {

/// The buckets of an answer: `count` of `width` from `start`, both aligned to the epoch.
struct Grid {
  Millis start;
  Duration width{10'000};
  std::size_t count = 0;

  [[nodiscard]] Millis end() const { return start + width * static_cast<std::int64_t>(count); }
  [[nodiscard]] Millis bucket(std::size_t index) const { return start + width * static_cast<std::int64_t>(index); }
};

/// Buckets whose start lies in [from, to].
[[nodiscard]] Grid make_grid(Millis from, Millis to, Duration width);

/// The finest step of a fixed ladder (10 s .. 1 d, each dividing the next natural unit, then whole days) with at most
/// `points` buckets in [from, to], not finer than `least`.
[[nodiscard]] Duration finest_width(Millis from, Millis to, std::size_t points, Duration least = Duration{10'000});

/// The finest level whose rows from `from` on retention still keeps.
[[nodiscard]] Duration finest_kept(Millis from, Millis now, const Retention& retention);

/// The coarsest stored level that divides `width`.
[[nodiscard]] Level coarsest_level(Duration width);

/// A stretch of time read from one level.
struct Piece {
  Level level;
  Millis from;
  Millis to;  ///< Exclusive.
  friend bool operator==(const Piece&, const Piece&) = default;
};

/// Splits [from, to), multiples of 10 s, into ascending pieces: 1 h rows where `hours` answers that they stand for
/// whole hours, 1 m rows for whole minutes below `minutes_until`, 10 s rows for the rest. Nothing coarser than `level`.
[[nodiscard]] std::vector<Piece> split(Millis from, Millis to, Level level, Millis minutes_until,
                                       FunctionRef<bool(Millis, Millis)> hours);

}  // namespace millrace
