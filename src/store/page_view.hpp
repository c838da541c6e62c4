#pragma once

#include "base/result.hpp"
#include "model/rollup.hpp"
#include "store/page_key.hpp"

#include <rocksdb/db.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

namespace millrace {

/// The pages of a metric in a span, ascending by key: by partition, shard, run, place in the run.
using Directory = std::vector<PageInfo>;

/// What readers see between two changes: a snapshot, and the directories that were read from it so far. Immutable
/// but for that cache; safe from any thread.
class PageView {
 public:
  /// Most pages that stay in the cache of directories.
  static constexpr std::size_t most_cached = 400'000;

  PageView(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* index);
  ~PageView();
  PageView(const PageView&) = delete;
  PageView& operator=(const PageView&) = delete;

  /// The view of now; it keeps the directories of this one, except the changed ones.
  [[nodiscard]] Result<std::shared_ptr<PageView>> next(std::span<const SpanKey> changed);
  /// Reads from the index which spans have pages. To be called once, on a first view.
  [[nodiscard]] Result<void> load_spans();

  [[nodiscard]] const rocksdb::Snapshot* snapshot() const { return snapshot_; }
  /// The spans of a level that may hold pages, ascending.
  [[nodiscard]] std::span<const std::int32_t> spans(Level level) const {
    return spans_[static_cast<std::size_t>(level)];
  }
  [[nodiscard]] Result<std::shared_ptr<const Directory>> directory(const SpanKey& key);

 private:
  using Directories = std::unordered_map<SpanKey, std::shared_ptr<const Directory>>;

  Result<bool> has_pages(Level level, std::int32_t span);

  rocksdb::DB& db_;
  rocksdb::ColumnFamilyHandle* index_;
  const rocksdb::Snapshot* snapshot_;
  std::array<std::vector<std::int32_t>, 4> spans_;
  std::mutex mutex_;
  Directories directories_;
  std::size_t cached_ = 0;
};

}  // namespace millrace
