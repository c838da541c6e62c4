#include "app/bench/work_a.hpp"

#include "ingest/ingest.hpp"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(WorkA, GivesEverySeriesOneValueASecondAndPartsThatMakeAWhole) {
  Catalog catalog;
  EventParser parser(catalog, 4, IngestLimits{});
  const Millis start{1'790'000'000'000};
  std::size_t events = 0;
  for (std::size_t part = 0; part < 3; ++part) {
    WorkA load(1, part, 3, start);
    const std::size_t series = (WorkA::sources - part + 2) / 3 * WorkA::metrics;
    const auto parsed = parser.parse_json(load.batch(series), start + Duration{5'000});
    ASSERT_TRUE(parsed && parsed->rejected == 0);
    for (const Section& section : parsed->batch.sections) {
      for (const Millis at : section.time) EXPECT_EQ(at, start);
    }
    events += parsed->batch.size();
  }
  EXPECT_EQ(events, WorkA::sources * WorkA::metrics);
  EXPECT_EQ(catalog.metric_names().size(), WorkA::metrics);
}

}  // namespace
}  // namespace millrace
