#include "query/freshness.hpp"

#include <gtest/gtest.h>

namespace millrace {
namespace {

constexpr Millis now{1'000'000};

PartitionStatus quiet() {
  PartitionStatus status;
  status.watermark = now - Duration{7'000};
  status.newest_event = now - Duration{500'000};
  return status;
}

TEST(Freshness, AQuietMetricIsNotAStalledPipeline) {
  const std::vector<PartitionStatus> status{quiet(), quiet()};
  const Freshness freshness = assess(status, now);
  EXPECT_EQ(freshness.state, Freshness::State::current);
  EXPECT_EQ(freshness.lag, Duration{0});
  EXPECT_EQ(freshness.final_until, now - Duration{7'000});
  EXPECT_EQ(freshness.newest_event, now - Duration{500'000});
  EXPECT_EQ(freshness.as_of, now);
}

TEST(Freshness, FollowsTheLongestWaitingBatch) {
  std::vector<PartitionStatus> status{quiet(), quiet()};
  const auto state = [&](std::int64_t lag) {
    status[1].oldest_waiting = now - Duration{lag};
    EXPECT_EQ(assess(status, now).lag, Duration{lag});
    return assess(status, now).state;
  };
  EXPECT_EQ(state(5'000), Freshness::State::current);
  EXPECT_EQ(state(5'001), Freshness::State::delayed);
  EXPECT_EQ(state(60'000), Freshness::State::delayed);
  EXPECT_EQ(state(60'001), Freshness::State::stalled);
}

TEST(Freshness, IsStalledWhenAPartitionTurnsNoMore) {
  std::vector<PartitionStatus> status{quiet(), quiet()};
  status[0].heartbeat_age = Duration{15'000};
  EXPECT_EQ(assess(status, now).state, Freshness::State::current);
  status[0].heartbeat_age = Duration{15'001};
  EXPECT_EQ(assess(status, now).state, Freshness::State::stalled);
}

TEST(Freshness, IsFinalUpToTheSlowestPartition) {
  std::vector<PartitionStatus> status{quiet(), quiet()};
  status[1].watermark = now - Duration{90'000};
  EXPECT_EQ(assess(status, now).final_until, now - Duration{90'000});
  EXPECT_EQ(assess({}, now).final_until, Millis::never());
}

}  // namespace
}  // namespace millrace
