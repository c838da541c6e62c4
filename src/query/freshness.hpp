#pragma once

#include "query/query.hpp"
#include "stream/engine.hpp"

#include <span>

namespace millrace {

/// Whether a pipeline with these partitions is current at `now`; see Freshness.
[[nodiscard]] Freshness assess(std::span<const PartitionStatus> partitions, Millis now);

}  // namespace millrace
