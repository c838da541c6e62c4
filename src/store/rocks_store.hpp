#pragma once

#include "store/documents.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace millrace {

class RocksDatabase;
class Maintenance;

/// What the embedded store is opened with. The first three are written down with the data, and other ones are refused.
struct RocksOptions {
  Duration bucket{10'000};
  double compression = 100;
  std::uint16_t partitions = 4;                ///< More than the data has are fine, fewer are refused.
  std::size_t cache_bytes = 32U << 20;         ///< Blocks kept in memory.
  std::size_t write_buffer_bytes = 32U << 20;  ///< Not yet written to tables; the write-ahead log has it.
};

/// The embedded Store and Documents: pages of rows in RocksDB, one folder, one process.
///
/// A commit is one synced write: pages of what it brings, and the partition's state. Reads see whole commits by
/// snapshots and never wait for one. maintain() merges the pages of a span and derives hours; it may run beside
/// commits and reads, on one thread at a time (another caller's slice does nothing). When the disk is full a commit
/// fails with `no_space` and is absent; the next one tries again and goes on by itself once there is room.
/// Formats: docs/formats/page.md, docs/formats/store.md.
class RocksStore final : public Store, public Documents {
 public:
  /// Opens or makes the store in `path`. `unsupported_version` if a newer Millrace wrote it and `invalid_argument` if
  /// it has another bucket, compression or more partitions (both touch nothing); `unavailable` if another process has
  /// it open.
  [[nodiscard]] static Result<std::unique_ptr<RocksStore>> open(const std::string& path, const RocksOptions& options);
  ~RocksStore() override;

  Result<PartitionState> claim(PartitionId partition) override;
  Result<void> commit(const Commit& commit) override;
  [[nodiscard]] Result<PartitionState> state(PartitionId partition) override;
  Result<void> read(const RowRequest& request, FunctionRef<void(const RowView&)> row) override;
  Result<void> read_raw(const RawRequest& request, FunctionRef<void(PartitionId, const RawPoint&)> point) override;
  [[nodiscard]] Result<bool> hours_derived(Millis from, Millis to) override;
  Result<void> definitions(FunctionRef<void(const SeriesDefinition&)> definition) override;
  Result<bool> maintain(Millis now, Millis final_until, const Retention& retention) override;
  void confirm_retention() override;
  [[nodiscard]] StoreStatus status() override;

  Result<Document> get(std::string_view kind, std::string_view id) override;
  Result<Document> put(std::string_view kind, std::string_view id, std::string_view json,
                       std::optional<std::uint64_t> expected) override;
  Result<void> remove(std::string_view kind, std::string_view id, std::optional<std::uint64_t> expected) override;
  Result<std::vector<Document>> list(std::string_view kind) override;

 private:
  RocksStore(std::unique_ptr<RocksDatabase> database);

  std::unique_ptr<RocksDatabase> database_;
  std::unique_ptr<Maintenance> maintenance_;
};

}  // namespace millrace
