#include "model/rollup.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace millrace {
namespace {

Rollup of(const std::vector<std::pair<double, std::int64_t>>& events) {
  Rollup rollup;
  for (const auto& [value, at] : events) rollup.add(value, Millis{at});
  return rollup;
}

TEST(Rollup, AggregatesWhatIsAdded) {
  const Rollup rollup = of({{4, 20}, {-1, 10}, {6, 30}});
  EXPECT_EQ(rollup.count, 3U);
  EXPECT_EQ(rollup.total(), 9);
  EXPECT_EQ(rollup.average(), 3);
  EXPECT_EQ(rollup.min, -1);
  EXPECT_EQ(rollup.max, 6);
  EXPECT_EQ(rollup.first, -1);
  EXPECT_EQ(rollup.first_time, Millis{10});
  EXPECT_EQ(rollup.last, 6);
  EXPECT_EQ(rollup.last_time, Millis{30});
  EXPECT_EQ(rollup.digest.count(), 3U);
  EXPECT_EQ(rollup.digest.quantile(0.5), 4);
}

TEST(Rollup, OfNothingAveragesToZero) { EXPECT_EQ(Rollup{}.average(), 0); }

TEST(Rollup, AtEqualTimesFirstKeepsTheEarlierAndLastTakesTheLater) {
  const Rollup rollup = of({{1, 10}, {2, 10}, {3, 10}});
  EXPECT_EQ(rollup.first, 1);
  EXPECT_EQ(rollup.last, 3);
}

TEST(Rollup, MergedAtEqualTimesCountsTheReceiverAsEarlier) {
  Rollup merged = of({{1, 10}, {2, 20}});
  merged.merge(of({{3, 10}, {4, 20}}));
  EXPECT_EQ(merged.first, 1);
  EXPECT_EQ(merged.last, 4);
}

TEST(Rollup, KeepsWhatPlainSumsLose) {
  const Rollup rollup = of({{1e100, 1}, {1, 2}, {-1e100, 3}});
  EXPECT_EQ(rollup.total(), 1);
  Rollup merged = of({{1e100, 1}, {1, 2}});
  merged.merge(of({{1, 3}, {-1e100, 4}}));
  EXPECT_EQ(merged.total(), 2);
}

TEST(Rollup, OverflowsToInfinityAndNeverToNaN) {
  const double huge = std::numeric_limits<double>::max();
  const Rollup rollup = of({{huge, 1}, {huge, 2}, {1, 3}});
  EXPECT_EQ(rollup.total(), std::numeric_limits<double>::infinity());
}

TEST(Rollup, MergedWithNothingStaysWhatItWas) {
  Rollup rollup = of({{-5, 10}});
  rollup.merge(Rollup{});
  EXPECT_EQ(rollup.max, -5);
  EXPECT_EQ(rollup.count, 1U);
  Rollup empty;
  empty.merge(of({{-5, 10}}));
  EXPECT_EQ(empty.max, -5);
  EXPECT_EQ(empty.first_time, Millis{10});
  EXPECT_EQ(empty.digest.count(), 1U);
}

TEST(Rollup, MergedPlainlyLeavesTheDigestAlone) {
  Rollup rollup = of({{1, 10}});
  rollup.merge_plain(of({{2, 20}}));
  EXPECT_EQ(rollup.count, 2U);
  EXPECT_EQ(rollup.digest.count(), 1U);
}

TEST(Rollup, MergedWithItselfCountsEverythingTwice) {
  Rollup rollup = of({{1, 10}, {3, 20}});
  rollup.merge(rollup);
  EXPECT_EQ(rollup.count, 4U);
  EXPECT_EQ(rollup.total(), 8);
  EXPECT_EQ(rollup.digest.count(), 4U);
}

TEST(Rollup, MergedFromPiecesEqualsTheWhole) {
  EXPECT_TRUE(rc::check([] {
    const auto events = *rc::gen::container<std::vector<std::pair<double, std::int64_t>>>(
        rc::gen::pair(rc::gen::map(rc::gen::inRange(-1'000'000, 1'000'000), [](int i) { return i / 100.0; }),
                      rc::gen::inRange<std::int64_t>(0, 20)));
    const auto cut = *rc::gen::inRange<std::size_t>(0, events.size() + 1);
    const auto middle = events.begin() + static_cast<std::ptrdiff_t>(cut);
    Rollup merged = of({events.begin(), middle});
    merged.merge(of({middle, events.end()}));
    const Rollup whole = of(events);
    double magnitude = 0;
    for (const auto& [value, at] : events) magnitude += std::abs(value);
    RC_ASSERT(merged.count == whole.count);
    RC_ASSERT(std::abs(merged.total() - whole.total()) <= 1e-12 * magnitude);
    RC_ASSERT(merged.min == whole.min);
    RC_ASSERT(merged.max == whole.max);
    RC_ASSERT(merged.first == whole.first);
    RC_ASSERT(merged.last == whole.last);
    RC_ASSERT(merged.first_time == whole.first_time);
    RC_ASSERT(merged.last_time == whole.last_time);
    RC_ASSERT(merged.digest.count() == whole.count);
  }));
}

}  // namespace
}  // namespace millrace
