#include "base/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(Metrics, GivesTheSameCounterForTheSameNameAndLabels) {
  Metrics metrics;
  metrics.counter("millrace_things_total", "Things.", {{"kind", "a"}}).add(2);
  metrics.counter("millrace_things_total", "Things.", {{"kind", "a"}}).add();
  EXPECT_EQ(metrics.counter("millrace_things_total", "Things.", {{"kind", "a"}}).value(), 3.0);
  EXPECT_EQ(metrics.counter("millrace_things_total", "Things.", {{"kind", "b"}}).value(), 0.0);
}

TEST(Metrics, SetsGaugesBeforeEachScrape) {
  Metrics metrics;
  metrics.before_scrape([&metrics] { metrics.gauge("millrace_depth", "Depth.").set(5); });
  EXPECT_THAT(metrics.text(), testing::HasSubstr("# HELP millrace_depth Depth.\n"));
  EXPECT_THAT(metrics.text(), testing::HasSubstr("millrace_depth 5\n"));
}

}  // namespace
}  // namespace millrace
