#pragma once

#include "base/result.hpp"
#include "store/page_key.hpp"
#include "store/page_view.hpp"
#include "store/rocks_store.hpp"

#include <rocksdb/db.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// What a RocksDB status says, as an Error; `doing` completes "can't ...". Paths are kept out of the message.
[[nodiscard]] Error error_of(const rocksdb::Status& status, std::string_view doing);

/// The state row of a partition and back.
[[nodiscard]] std::string encode(const PartitionState& state);
[[nodiscard]] Result<PartitionState> decode_partition_state(std::string_view bytes);

/// What is known of a partition while the store is open. The mutex is held through a whole commit.
struct RocksPartition {
  std::mutex mutex;
  Epoch epoch;
  Offset next;
  Millis watermark = Millis::never();
  std::uint64_t runs = 0;  ///< Number of the newest run; the next takes one more.
};

/// The open database: column families, partitions, the series' metrics and the view that readers take.
class RocksDatabase {
 public:
  [[nodiscard]] static Result<std::unique_ptr<RocksDatabase>> open(const std::string& path,
                                                                   const RocksOptions& options);
  ~RocksDatabase();
  RocksDatabase(const RocksDatabase&) = delete;
  RocksDatabase& operator=(const RocksDatabase&) = delete;

  [[nodiscard]] rocksdb::DB& db() { return *db_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* meta() { return families_[0]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* catalog() { return families_[1]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* documents() { return families_[2]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* hours() { return families_[3]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* index() { return families_[4]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* pages() { return families_[5]; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* digests() { return families_[6]; }
  [[nodiscard]] std::span<rocksdb::ColumnFamilyHandle* const> families() { return families_; }

  /// Made on first use; stays where it is.
  [[nodiscard]] RocksPartition& partition(PartitionId id);
  /// The partition's watermark as of its last commit.
  [[nodiscard]] Millis watermark(PartitionId id);

  [[nodiscard]] static std::string state_key(PartitionId id);
  [[nodiscard]] static std::string runs_key(PartitionId id);
  [[nodiscard]] static std::string encode_runs(std::uint64_t runs);
  /// Of the digests in the rows.
  [[nodiscard]] double compression() const { return compression_; }

  /// synced: returns when it survives a loss of power. unsynced: it may be lost, with everything after it.
  enum class Durability { synced, unsynced };
  /// Writes the batch, whole or not at all. After a failure the next write first asks RocksDB to go on.
  [[nodiscard]] Result<void> write(rocksdb::WriteBatch& batch, Durability durability, std::string_view doing);

  /// What readers see now.
  [[nodiscard]] std::shared_ptr<PageView> view();
  /// Makes what was written visible; `changed` are the spans that got other pages.
  [[nodiscard]] Result<void> publish(std::span<const SpanKey> changed);
  /// Writes what removes pages of a span and makes it visible, with no other publication between.
  [[nodiscard]] Result<void> replace_pages(rocksdb::WriteBatch& batch, const SpanKey& changed);
  /// The same for what removes pages of many spans.
  [[nodiscard]] Result<void> drop_pages(rocksdb::WriteBatch& batch);

  /// The metric of a series that has been committed.
  [[nodiscard]] std::optional<MetricId> metric_of(SeriesId series);
  /// Remembers what a commit defined, after it was written.
  void learn(std::span<const SeriesDefinition> definitions);

  std::mutex documents_mutex;
  std::atomic<std::uint64_t> commits{0};
  std::atomic<std::int64_t> last_commit_ms{0};

 private:
  RocksDatabase() = default;
  Result<void> load();
  Result<void> load_partitions();
  Result<void> load_metrics();
  Result<void> publish_locked(std::span<const SpanKey> changed);
  void show(std::shared_ptr<PageView> view);

  std::unique_ptr<rocksdb::DB> db_;  // the view must go first: its snapshot is the database's
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
  double compression_ = 0;
  std::atomic<bool> failed_{false};

  std::mutex partitions_mutex_;
  std::map<PartitionId, std::unique_ptr<RocksPartition>> partitions_;

  std::mutex publish_mutex_;  ///< One publication at a time; held while pages are removed.
  std::mutex view_mutex_;
  std::shared_ptr<PageView> view_;

  std::shared_mutex metrics_mutex_;
  std::vector<std::uint32_t> metrics_;  ///< By series; `unknown_metric` where there is none.
};

}  // namespace millrace
