#pragma once

#include "query/engine_fixture.hpp"
#include "query/query.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

namespace millrace::testing {

/// A window worked out from the events themselves.
struct Expected {
  std::uint64_t count = 0;
  double sum = 0;
  double magnitude = 0;
  std::vector<double> sorted;
  double first = 0;
  double last = 0;
  Millis first_time;
  Millis last_time;
};

/// Figures of the events in [from, to) that `wanted` picks. Equal times: the lower (partition, series) is earlier.
template <class Wanted>
Expected expect(const std::vector<Sent>& sent, Millis from, Millis to, Wanted wanted) {
  std::vector<const Sent*> in;
  for (const Sent& event : sent) {
    if (event.time >= from && event.time < to && wanted(event)) in.push_back(&event);
  }
  std::sort(in.begin(), in.end(), [](const Sent* a, const Sent* b) {
    return std::tie(a->time, a->partition, a->series, a) < std::tie(b->time, b->partition, b->series, b);
  });
  Expected out;
  for (const Sent* event : in) {
    out.sum += event->value;
    out.magnitude += std::abs(event->value);
    out.sorted.push_back(event->value);
  }
  out.count = in.size();
  std::sort(out.sorted.begin(), out.sorted.end());
  if (in.empty()) return out;
  out.first = in.front()->value;
  out.first_time = in.front()->time;
  out.last = in.back()->value;
  out.last_time = in.back()->time;
  return out;
}

/// Compares a point with what it should be; quantiles by rank error.
inline void check(const Point& point, const Expected& expected, bool digests) {
  const Rollup& rollup = point.rollup;
  ASSERT_EQ(rollup.count, expected.count);
  EXPECT_NEAR(rollup.total(), expected.sum, 1e-12 * expected.magnitude);
  EXPECT_EQ(rollup.min, expected.sorted.front());
  EXPECT_EQ(rollup.max, expected.sorted.back());
  EXPECT_EQ(rollup.first, expected.first);
  EXPECT_EQ(rollup.last, expected.last);
  EXPECT_EQ(rollup.first_time, expected.first_time);
  EXPECT_EQ(rollup.last_time, expected.last_time);
  EXPECT_EQ(point.revision, 2 * expected.count + (point.final ? 1 : 0));
  if (!digests) return;
  ASSERT_EQ(rollup.digest.count(), expected.count);
  for (const double q : {0.5, 0.95}) {
    const double value = rollup.digest.quantile(q);
    const auto rank = [&](auto at) {
      return static_cast<double>(at - expected.sorted.begin()) / static_cast<double>(expected.count);
    };
    const double low = rank(std::lower_bound(expected.sorted.begin(), expected.sorted.end(), value));
    const double high = rank(std::upper_bound(expected.sorted.begin(), expected.sorted.end(), value));
    const double slack = 0.02 + 1.0 / static_cast<double>(expected.count);
    EXPECT_LE(low - slack, q);
    EXPECT_GE(high + slack, q);
  }
}

}  // namespace millrace::testing
