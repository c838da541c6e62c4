#pragma once

#include "base/types.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace millrace {

/// What names a series, as the raw bytes of an event: no escapes, tags as the bytes between their braces.
/// At least 16 bytes after each span must be readable.
struct RawName {
  const char* metric = nullptr;
  const char* source = nullptr;  ///< Size 0: the event had none.
  const char* tags = nullptr;
  std::uint32_t metric_size = 0;  ///< At most 200, as source_size.
  std::uint32_t source_size = 0;
  std::uint32_t tags_size = 0;  ///< At most 65,535.
};

/// Raw bytes of a name -> series and partition, for one thread. Bounded: when it is full it starts afresh, since a
/// miss costs only a look into the catalog. Bytes are compared, the hash (seeded) only finds the place.
class SeriesCache {
 public:
  struct Limits {
    std::size_t entries = 1'000'000;
    std::size_t bytes = 192U << 20;
  };
  struct Entry {
    std::uint64_t hash;
    SeriesId series;
    PartitionId partition;
    std::uint16_t tags_size;
    std::uint32_t minute;  ///< Of the last Catalog::touch.
    std::uint8_t metric_size;
    std::uint8_t source_size;
    // The bytes follow: metric, source, tags.
  };

  SeriesCache();
  explicit SeriesCache(Limits limits);

  [[nodiscard]] std::uint64_t hash(const RawName& name) const;
  /// nullptr for a name not met. The pointer holds until the next insert.
  [[nodiscard]] Entry* find(const RawName& name, std::uint64_t hash);
  /// Adds a name that find did not find.
  void insert(const RawName& name, std::uint64_t hash, SeriesId series, PartitionId partition, std::uint32_t minute);

  [[nodiscard]] std::size_t size() const { return entries_; }
  [[nodiscard]] std::size_t memory() const;

 private:
  /// Where an entry lies: units of 16 bytes; the upper bits name the block. 0 is none.
  struct Place {
    std::uint32_t tag = 0;
    std::uint32_t unit = 0;
  };
  [[nodiscard]] char* address(std::uint32_t unit) const;
  void grow();
  void clear();

  Limits limits_;
  std::uint64_t seed_;
  std::vector<Place> places_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::uint32_t next_unit_ = 1;
  std::size_t entries_ = 0;
};

}  // namespace millrace
