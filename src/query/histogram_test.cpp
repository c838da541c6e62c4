#include "query/histogram.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace millrace {
namespace {

double total(const std::vector<Point::Bin>& bins) {
  double sum = 0;
  for (const Point::Bin& bin : bins) sum += bin.count;
  return sum;
}

TEST(Histogram, IsLogSpacedFromMinToMax) {
  Digest digest;
  for (const double value : {1.0, 2.0, 20.0, 200.0, 1000.0}) digest.add(value);
  const auto bins = histogram(digest, 3);
  ASSERT_EQ(bins.size(), 3U);
  EXPECT_EQ(bins[0].low, 1.0);
  EXPECT_NEAR(bins[0].high, 10.0, 1e-9);
  EXPECT_NEAR(bins[1].high, 100.0, 1e-9);
  EXPECT_EQ(bins[2].high, 1000.0);
  EXPECT_EQ(bins[0].count, 2.0);
  EXPECT_EQ(bins[1].count, 1.0);
  EXPECT_EQ(bins[2].count, 2.0);
}

TEST(Histogram, IsLinearWhereTheMinimumIsNotAboveZero) {
  Digest digest;
  for (const double value : {-10.0, -1.0, 5.0, 10.0}) digest.add(value);
  const auto bins = histogram(digest, 4);
  ASSERT_EQ(bins.size(), 4U);
  EXPECT_EQ(bins[0].high, -5.0);
  EXPECT_EQ(bins[1].high, 0.0);
  EXPECT_EQ(bins[0].count, 1.0);
  EXPECT_EQ(bins[1].count, 1.0);
  EXPECT_EQ(bins[2].count, 1.0);
  EXPECT_EQ(bins[3].count, 1.0);
}

TEST(Histogram, OfEqualValuesIsOneBinAndOfNoneIsNone) {
  Digest digest;
  EXPECT_TRUE(histogram(digest, 24).empty());
  for (int i = 0; i < 100; ++i) digest.add(7);
  const auto bins = histogram(digest, 24);
  ASSERT_EQ(bins.size(), 1U);
  EXPECT_EQ(bins[0].low, 7.0);
  EXPECT_EQ(bins[0].high, 7.0);
  EXPECT_EQ(bins[0].count, 100.0);
}

RC_GTEST_PROP(Histogram, CountsSumToNAndEdgesAscend, ()) {
  const auto one =
      rc::gen::map(rc::gen::arbitrary<std::int32_t>(), [](std::int32_t v) { return std::ldexp(v, v % 64); });
  const auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<double>>(one));
  const auto bins = *rc::gen::inRange<std::size_t>(1, 60);
  Digest digest;
  for (const double value : values) digest.add(value);
  const auto made = histogram(digest, bins);
  RC_ASSERT(std::abs(total(made) - static_cast<double>(values.size())) < 1e-6);
  RC_ASSERT(made.front().low == digest.min());
  RC_ASSERT(made.back().high == digest.max());
  for (std::size_t i = 0; i < made.size(); ++i) {
    RC_ASSERT(made[i].count >= 0);
    RC_ASSERT(made[i].low <= made[i].high);
    if (i > 0) RC_ASSERT(made[i].low == made[i - 1].high);
  }
}

}  // namespace
}  // namespace millrace
