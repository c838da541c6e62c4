#pragma once

#include "base/types.hpp"

#include <cstdint>
#include <string_view>

namespace millrace {

/// Murmur2 as in Kafka's Java client (org.apache.kafka.common.utils.Utils.murmur2), seed 0x9747b28c.
[[nodiscard]] std::uint32_t murmur2(std::string_view bytes);

/// Where Millrace itself puts a source's events: Java Kafka's default rule for keys. Readers assume nothing of it.
[[nodiscard]] PartitionId partition_of(std::string_view source_id, std::uint16_t partitions);

}  // namespace millrace
