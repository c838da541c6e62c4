#pragma once

#include "store/page.hpp"
#include "store/page_key.hpp"
#include "store/store.hpp"

#include <rocksdb/write_batch.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

class RocksDatabase;

/// Cuts rows and points into pages and puts them with their index entries into a batch.
class PageBatch {
 public:
  /// About how large a page may become, and its twin.
  static constexpr std::size_t page_bytes = 32U << 10;
  static constexpr std::size_t digest_page_bytes = 128U << 10;

  explicit PageBatch(RocksDatabase& database) : database_(database) {}

  /// Rows of a run, ascending by (series, bucket), all of the group; a series is never cut in two. Later calls for
  /// the same run go on after the rows of the earlier.
  void put_rows(const GroupKey& group, std::uint64_t run, std::span<const PageRow> rows,
                std::span<const std::string_view> digests);
  /// Points of a run, sorted by (series, time), all of the group.
  void put_points(const GroupKey& group, std::uint64_t run, std::span<const RawPoint> points);
  /// Removes a page.
  void remove(const PageKey& key);

  [[nodiscard]] rocksdb::WriteBatch& batch() { return batch_; }

 private:
  [[nodiscard]] std::uint32_t next_ordinal(const GroupKey& group, std::uint64_t run);
  void put_index(const PageInfo& info);

  RocksDatabase& database_;
  rocksdb::WriteBatch batch_;
  GroupKey group_{};
  std::uint64_t run_ = 0;
  std::uint32_t ordinal_ = 0;
  double row_bytes_ = 12;  ///< Of the pages so far: how many rows the next may hold.
  double point_bytes_ = 2;
};

/// Rows with their digests, gathered until they make pages.
class RowGathering {
 public:
  /// Copies the digest.
  void add(const PageRow& row, std::string_view digest);
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// Puts all of them, as PageBatch::put_rows, and forgets them.
  void put(PageBatch& batch, const GroupKey& group, std::uint64_t run);

 private:
  std::vector<PageRow> rows_;
  std::string digests_;
  std::vector<std::size_t> ends_;
};

}  // namespace millrace
