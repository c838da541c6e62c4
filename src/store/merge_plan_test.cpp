#include "store/merge_plan.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace millrace {
namespace {

using Sizes = std::vector<std::uint64_t>;

std::uint64_t apply(Sizes& sizes, const MergePlan& plan) {
  const auto begin = sizes.begin() + static_cast<std::ptrdiff_t>(plan.begin);
  const auto end = sizes.begin() + static_cast<std::ptrdiff_t>(plan.end);
  const std::uint64_t total = std::accumulate(begin, end, std::uint64_t{0});
  *begin = total;
  sizes.erase(begin + 1, end);
  return total;
}

TEST(MergePlan, WaitsForEightRunsWhileTheSpanIsOpen) {
  EXPECT_FALSE(plan_merge(Sizes(7, 10'000), row_tier, false).has_value());
  EXPECT_EQ(plan_merge(Sizes(8, 10'000), row_tier, false), (MergePlan{0, 8}));
}

TEST(MergePlan, LeavesALargeOldRunAloneWhileSmallOnesGather) {
  EXPECT_EQ(plan_merge(Sizes{80'000, 10'000, 10'000, 10'000, 10'000, 10'000, 10'000, 10'000, 10'000}, row_tier, false),
            (MergePlan{1, 9}));
}

TEST(MergePlan, MakesOneRunOfAClosedSpan) {
  EXPECT_EQ(plan_merge(Sizes{80'000, 40'000, 20'000}, row_tier, true), (MergePlan{0, 3}));
  EXPECT_FALSE(plan_merge(Sizes{80'000}, row_tier, true).has_value());
  EXPECT_FALSE(plan_merge(Sizes{}, row_tier, true).has_value());
}

TEST(MergePlan, MergesOldRunsOfAClosedSpanApartFromASmallLateOne) {
  EXPECT_EQ(plan_merge(Sizes{80'000, 80'000, 10'000}, row_tier, true), (MergePlan{0, 2}));
}

TEST(MergePlan, DoesNotWriteALargeRunAgainForASmallLateOne) {
  EXPECT_FALSE(plan_merge(Sizes{10'000'000, 100}, row_tier, true).has_value());
  EXPECT_EQ(plan_merge(Sizes{10'000'000, 100, 100}, row_tier, true), (MergePlan{1, 3}));
}

TEST(MergePlan, WritesEachRowAFewTimesOverAnHourOfCommits) {
  Sizes sizes;
  std::uint64_t written = 0;
  std::size_t most_runs = 0;
  for (int commit = 0; commit < 60; ++commit) {
    sizes.push_back(100'000);
    while (const auto plan = plan_merge(sizes, row_tier, false)) written += apply(sizes, *plan);
    most_runs = std::max(most_runs, sizes.size());
  }
  while (const auto plan = plan_merge(sizes, row_tier, true)) written += apply(sizes, *plan);
  EXPECT_EQ(sizes.size(), 1U);
  EXPECT_LE(written, 60 * 100'000 * 5 / 2);
  EXPECT_LE(most_runs, 15U);
}

TEST(MergePlan, BoundsTheRunsOfAnySizes) {
  Sizes sizes;
  for (int commit = 0; commit < 500; ++commit) {
    sizes.push_back(commit % 2 == 0 ? 5'000 : 500'000);
    while (const auto plan = plan_merge(sizes, row_tier, false)) apply(sizes, *plan);
    EXPECT_LE(sizes.size(), 33U);
  }
}

}  // namespace
}  // namespace millrace
