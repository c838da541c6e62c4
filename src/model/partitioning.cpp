#include "model/partitioning.hpp"

#include <cstring>

namespace millrace {

std::uint32_t murmur2(std::string_view bytes) {
  constexpr std::uint32_t seed = 0x9747b28c;
  constexpr std::uint32_t m = 0x5bd1e995;
  std::uint32_t hash = seed ^ static_cast<std::uint32_t>(bytes.size());
  while (bytes.size() >= 4) {
    std::uint32_t k = 0;
    std::memcpy(&k, bytes.data(), 4);
    k *= m;
    k ^= k >> 24;
    k *= m;
    hash = (hash * m) ^ k;
    bytes.remove_prefix(4);
  }
  const auto byte = [&bytes](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[i])) << (8 * i);
  };
  if (bytes.size() > 2) hash ^= byte(2);
  if (bytes.size() > 1) hash ^= byte(1);
  if (!bytes.empty()) hash = (hash ^ byte(0)) * m;
  hash ^= hash >> 13;
  hash *= m;
  return hash ^ (hash >> 15);
}

PartitionId partition_of(std::string_view source_id, std::uint16_t partitions) {
  if (partitions <= 1) return PartitionId{0};
  return PartitionId{static_cast<std::uint16_t>((murmur2(source_id) & 0x7fffffffU) % partitions)};
}

}  // namespace millrace
