#pragma once

#include "base/types.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

/// The events of one batch that lie in one partition, as columns of equal length, in accepted order.
struct Section {
  PartitionId partition;
  std::vector<SeriesId> series;
  std::vector<Millis> time;
  std::vector<double> value;

  [[nodiscard]] std::size_t size() const { return series.size(); }
  friend bool operator==(const Section&, const Section&) = default;
};

/// Accepted events of one request: durable together or not at all. Every rule that could differ on a replay
/// (ages, missing timestamps, series limits) has been decided, so nothing in it is ever rejected again.
struct EventBatch {
  Millis arrival;                 ///< Stamp of the request; decides ages on every replay alike.
  std::string producer;           ///< X-Producer-Id, empty if none was sent.
  std::uint64_t sequence = 0;     ///< X-Sequence; meaningless without a producer.
  std::vector<Section> sections;  ///< Non-empty sections only, ascending by partition.

  [[nodiscard]] std::size_t size() const {
    std::size_t n = 0;
    for (const Section& section : sections) n += section.size();
    return n;
  }
  friend bool operator==(const EventBatch&, const EventBatch&) = default;
};

}  // namespace millrace
