#include "query/plan.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace millrace {
namespace {

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t day = 86'400'000;

TEST(Grid, HoldsTheBucketsWhoseStartLiesBetweenBothEndsInclusive) {
  const Grid grid = make_grid(Millis{20'000}, Millis{40'000}, Duration{10'000});
  EXPECT_EQ(grid.start, Millis{20'000});
  EXPECT_EQ(grid.count, 3U);
  EXPECT_EQ(make_grid(Millis{20'001}, Millis{39'999}, Duration{10'000}).count, 1U);
  EXPECT_EQ(make_grid(Millis{20'001}, Millis{29'999}, Duration{10'000}).count, 0U);
  EXPECT_EQ(make_grid(Millis{-15'000}, Millis{0}, Duration{10'000}).start, Millis{-10'000});
  EXPECT_EQ(make_grid(Millis{-15'000}, Millis{0}, Duration{10'000}).count, 2U);
}

TEST(FinestWidth, IsTheFirstStepThatFits) {
  const auto width = [](std::int64_t range, std::size_t points, std::int64_t least = 10'000) {
    return finest_width(Millis{0}, Millis{range}, points, Duration{least}).count();
  };
  EXPECT_EQ(width(hour, 500), 10'000);
  EXPECT_EQ(width(6 * hour, 500), minute);
  EXPECT_EQ(width(24 * hour, 500), 3 * minute);
  EXPECT_EQ(width(7 * day, 500), 30 * minute);
  EXPECT_EQ(width(hour, 500, minute), minute);
  EXPECT_EQ(width(5 * 365 * day, 500), 7 * day);
  EXPECT_EQ(width(100 * 365 * day, 100), 365 * day + day);
  EXPECT_EQ(width(0, 1), 10'000);
}

RC_GTEST_PROP(FinestWidth, NeverGivesMorePointsThanAsked, (std::uint32_t from, std::uint32_t seconds)) {
  const Millis start{std::int64_t{from} * 1000};
  const Millis end = start + Duration{std::int64_t{seconds} * 1000};
  const auto points = *rc::gen::inRange<std::size_t>(1, 2000);
  const Duration width = finest_width(start, end, points);
  RC_ASSERT(make_grid(start, end, width).count <= points);
  RC_ASSERT(width.count() % 10'000 == 0);
}

TEST(FinestKept, GoesByTheAgeOfTheRangesStart) {
  const Retention retention;
  const Millis now{1'767'322'800'000};
  EXPECT_EQ(finest_kept(now - Duration{day}, now, retention), Duration{10'000});
  EXPECT_EQ(finest_kept(now - Duration{8 * day}, now, retention), Duration{minute});
  EXPECT_EQ(finest_kept(now - Duration{91 * day}, now, retention), Duration{hour});
}

TEST(CoarsestLevel, DividesTheWidth) {
  EXPECT_EQ(coarsest_level(Duration{10'000}), Level::ten_seconds);
  EXPECT_EQ(coarsest_level(Duration{90'000}), Level::ten_seconds);
  EXPECT_EQ(coarsest_level(Duration{5 * minute}), Level::minute);
  EXPECT_EQ(coarsest_level(Duration{90 * minute}), Level::minute);
  EXPECT_EQ(coarsest_level(Duration{day}), Level::hour);
}

TEST(Split, ReadsHoursThenMinutesThenTheOpenTail) {
  const auto derived = [](Millis, Millis to) { return to <= Millis{2 * hour}; };
  const Millis until{3 * hour + 5 * minute};
  const Millis end = until + Duration{30'000};
  const std::vector<Piece> expected = {{Level::hour, Millis{0}, Millis{2 * hour}},
                                       {Level::minute, Millis{2 * hour}, until},
                                       {Level::ten_seconds, until, end}};
  EXPECT_EQ(split(Millis{0}, end, Level::hour, until, derived), expected);
}

TEST(Split, ReadsNothingCoarserThanItMay) {
  const auto derived = [](Millis, Millis) { return true; };
  const std::vector<Piece> tens = {{Level::ten_seconds, Millis{0}, Millis{2 * hour}}};
  EXPECT_EQ(split(Millis{0}, Millis{2 * hour}, Level::ten_seconds, Millis{2 * hour}, derived), tens);
  EXPECT_EQ(split(Millis{0}, Millis{2 * hour}, Level::hour, Millis::never(), derived), tens);
  const std::vector<Piece> minutes = {{Level::minute, Millis{0}, Millis{2 * hour}}};
  EXPECT_EQ(split(Millis{0}, Millis{2 * hour}, Level::minute, Millis{2 * hour}, derived), minutes);
}

RC_GTEST_PROP(Split, CoversTheRangeOnceInWholeWindows, ()) {
  const auto tens = [] { return *rc::gen::inRange<std::int64_t>(-500, 5'000); };
  const Millis from{tens() * 10'000};
  const Millis to = from + Duration{*rc::gen::inRange<std::int64_t>(0, 4'000) * 10'000};
  const Millis until{tens() * 10'000};
  const auto holes = *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(-3, 20));
  const auto level = *rc::gen::element(Level::ten_seconds, Level::minute, Level::hour);
  const auto derived = [&](Millis a, Millis b) {
    return std::none_of(holes.begin(), holes.end(),
                        [&](std::int64_t hole) { return hole * hour >= a.value && hole * hour < b.value; });
  };
  Millis at = from;
  for (const Piece& piece : split(from, to, level, until, derived)) {
    RC_ASSERT(piece.from == at);
    RC_ASSERT(piece.to > piece.from);
    RC_ASSERT(piece.level <= level);
    RC_ASSERT(align_down(piece.from, width(piece.level)) == piece.from);
    RC_ASSERT(align_down(piece.to, width(piece.level)) == piece.to);
    if (piece.level != Level::ten_seconds) RC_ASSERT(piece.to <= until);
    if (piece.level == Level::hour) RC_ASSERT(derived(piece.from, piece.to));
    at = piece.to;
  }
  RC_ASSERT(at == std::max(from, to));
}

}  // namespace
}  // namespace millrace
