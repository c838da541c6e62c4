#include "query/freshness.hpp"

#include <algorithm>

namespace millrace {
namespace {

constexpr Duration delayed_lag{5'000};
constexpr Duration stalled_lag{60'000};
constexpr Duration stalled_heartbeat{15'000};

}  // namespace

Freshness assess(std::span<const PartitionStatus> partitions, Millis now) {
  Freshness freshness;
  freshness.as_of = now;
  Duration heartbeat{0};
  bool first = true;
  for (const PartitionStatus& partition : partitions) {
    freshness.final_until = first ? partition.watermark : std::min(freshness.final_until, partition.watermark);
    freshness.newest_event = std::max(freshness.newest_event, partition.newest_event);
    if (partition.oldest_waiting) freshness.lag = std::max(freshness.lag, now - *partition.oldest_waiting);
    heartbeat = std::max(heartbeat, partition.heartbeat_age);
    first = false;
  }
  if (freshness.lag > stalled_lag || heartbeat > stalled_heartbeat) {
    freshness.state = Freshness::State::stalled;
  } else if (freshness.lag > delayed_lag) {
    freshness.state = Freshness::State::delayed;
  }
  return freshness;
}

}  // namespace millrace
