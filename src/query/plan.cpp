#include "query/plan.hpp"

#include <algorithm>
#include <array>

namespace millrace {
namespace {

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t day = 86'400'000;

constexpr std::array<std::int64_t, 25> ladder = {
    10'000,      20'000,      30'000,      minute,      2 * minute,  3 * minute, 4 * minute, 5 * minute, 6 * minute,
    10 * minute, 12 * minute, 15 * minute, 20 * minute, 30 * minute, hour,       2 * hour,   3 * hour,   4 * hour,
    6 * hour,    8 * hour,    12 * hour,   day,         2 * day,     7 * day,    14 * day};

Millis align_up(Millis at, Duration width) {
  const Millis down = align_down(at, width);
  return down == at ? at : down + width;
}

void append(std::vector<Piece>& pieces, Level level, Millis from, Millis to) {
  if (from >= to) return;
  if (!pieces.empty() && pieces.back().level == level && pieces.back().to == from) {
    pieces.back().to = to;
  } else {
    pieces.push_back({level, from, to});
  }
}

void append_minutes(std::vector<Piece>& pieces, Millis from, Millis to, Millis minutes_until) {
  const Millis first = std::min(align_up(from, Duration{minute}), to);
  const Millis last = std::max(first, align_down(std::min(to, minutes_until), Duration{minute}));
  append(pieces, Level::ten_seconds, from, first);
  append(pieces, Level::minute, first, last);
  append(pieces, Level::ten_seconds, last, to);
}

/// Hours by halves: one question answers for a long stretch, and one late event costs a logarithm.
void append_hours(std::vector<Piece>& pieces, Millis from, Millis to, Millis minutes_until,
                  FunctionRef<bool(Millis, Millis)> hours) {
  if (from >= to) return;
  if (hours(from, to)) return append(pieces, Level::hour, from, to);
  const std::int64_t count = (to - from).count() / hour;
  if (count <= 1) return append_minutes(pieces, from, to, minutes_until);
  const Millis middle = from + Duration{count / 2 * hour};
  append_hours(pieces, from, middle, minutes_until, hours);
  append_hours(pieces, middle, to, minutes_until, hours);
}

}  // namespace

Grid make_grid(Millis from, Millis to, Duration width) {
  const Millis first = align_up(from, width);
  const Millis last = align_down(to, width);
  return {first, width, first > last ? 0 : static_cast<std::size_t>((last - first) / width + 1)};
}

Duration finest_width(Millis from, Millis to, std::size_t points, Duration least) {
  points = std::max<std::size_t>(points, 1);
  for (const std::int64_t step : ladder) {
    if (step >= least.count() && make_grid(from, to, Duration{step}).count <= points) return Duration{step};
  }
  const std::int64_t range = (to - from).count();
  std::int64_t days = range / (day * static_cast<std::int64_t>(points)) + 1;
  while (make_grid(from, to, Duration{days * day}).count > points) ++days;
  return Duration{days * day};
}

Duration finest_kept(Millis from, Millis now, const Retention& retention) {
  const Duration age = now - from;
  if (age <= retention.ten_seconds) return width(Level::ten_seconds);
  if (age <= retention.minute) return width(Level::minute);
  return width(Level::hour);
}

Level coarsest_level(Duration width) {
  if (width.count() % hour == 0) return Level::hour;
  if (width.count() % minute == 0) return Level::minute;
  return Level::ten_seconds;
}

std::vector<Piece> split(Millis from, Millis to, Level level, Millis minutes_until,
                         FunctionRef<bool(Millis, Millis)> hours) {
  std::vector<Piece> pieces;
  if (level == Level::ten_seconds) {
    append(pieces, Level::ten_seconds, from, to);
  } else if (level == Level::minute) {
    append_minutes(pieces, from, to, minutes_until);
  } else {
    // An hour is derived from minutes, so none can stand where minutes do not.
    const Millis first = std::min(align_up(from, Duration{hour}), to);
    const Millis last = std::max(first, align_down(std::min(to, minutes_until), Duration{hour}));
    append_minutes(pieces, from, first, minutes_until);
    append_hours(pieces, first, last, minutes_until, hours);
    append_minutes(pieces, last, to, minutes_until);
  }
  return pieces;
}

}  // namespace millrace
