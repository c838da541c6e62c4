#pragma once

#include "base/result.hpp"
#include "catalog/catalog.hpp"
#include "model/event_batch.hpp"
#include "store/store.hpp"
#include "stream/row_table.hpp"

#include <memory>
#include <vector>

namespace millrace {

/// Events of one partition that were folded and not committed yet, as they came.
struct RawChunk {
  Offset offset;
  std::shared_ptr<const Section> events;
};

/// A commit as the partition hands it over: immutable, nothing sorted, merged or encoded yet.
struct Frozen {
  PartitionId partition;
  Epoch epoch;
  Offset expected;
  PartitionState after;
  FrozenRows rows;
  std::vector<RawChunk> raw;
  std::uint32_t define_from = 0;  ///< Series ids in [from, until) may not be stored yet.
  std::uint32_t define_until = 0;
  double compression = Digest::default_compression;
};

/// The Commit that `frozen` stands for: raw points sorted, 1 m rows merged from their 10 s rows, definitions read from
/// the catalog. Minutes whose other rows may have left memory are completed from the store, where nothing but
/// earlier commits of this partition stands. For a pool thread: it may take long.
/// Errors: those of Store::read.
[[nodiscard]] Result<Commit> build_commit(const Frozen& frozen, const Catalog& catalog, Store& store);

}  // namespace millrace
