#pragma once

#include "base/types.hpp"
#include "model/rollup.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace millrace {

/// Live rows, to be laid over stored ones: of two rows for a (partition, series, bucket) the higher count is newer.
class LiveIndex {
 public:
  struct Entry {
    // The row's place and count stand here too: sorting and seeking need not follow the pointer.
    std::uint64_t origin;  ///< Partition, then series.
    Millis bucket;
    std::uint64_t count;
    const Row* row;
    bool superseded = false;  ///< The store holds a newer one.
  };

  LiveIndex() = default;
  explicit LiveIndex(std::vector<std::shared_ptr<const Row>> rows);

  /// The live row at that place, or nullptr. Fast when asked in ascending order within a partition.
  [[nodiscard]] Entry* find(PartitionId partition, SeriesId series, Millis bucket);
  /// True if some live row of (partition, series) has its bucket in [from, to).
  [[nodiscard]] bool any(PartitionId partition, SeriesId series, Millis from, Millis to);

  /// Ascending by (partition, series, bucket).
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] Millis oldest() const { return oldest_; }
  [[nodiscard]] Millis newest() const { return newest_; }

 private:
  [[nodiscard]] std::size_t seek(PartitionId partition, SeriesId series, Millis bucket);

  std::vector<std::shared_ptr<const Row>> rows_;  ///< Keeps what entries_ point to.
  std::vector<Entry> entries_;
  std::size_t cursor_ = 0;
  Millis oldest_ = Millis{INT64_MAX};
  Millis newest_ = Millis::never();
};

}  // namespace millrace
