#pragma once

#include "base/function_ref.hpp"
#include "store/digest_page.hpp"
#include "store/page.hpp"
#include "store/page_view.hpp"
#include "store/raw_page.hpp"
#include "store/store.hpp"

#include <rocksdb/slice.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace millrace {

class RocksDatabase;

/// Fetches pages as a view shows them; keeps the view.
class PageSource {
 public:
  /// Whether what is fetched stays in the cache of blocks: queries yes, merges no.
  enum class Caching { keep, pass };

  PageSource(RocksDatabase& database, std::shared_ptr<PageView> view, Caching caching)
      : database_(database), view_(std::move(view)), caching_(caching) {}

  [[nodiscard]] PageView& view() const { return *view_; }
  [[nodiscard]] Result<void> fetch_page(const PageKey& key, rocksdb::PinnableSlice& into) const;
  [[nodiscard]] Result<void> fetch_digests(const PageKey& key, rocksdb::PinnableSlice& into) const;

 private:
  Result<void> fetch(rocksdb::ColumnFamilyHandle* family, const PageKey& key, rocksdb::PinnableSlice& into) const;

  RocksDatabase& database_;
  std::shared_ptr<PageView> view_;
  Caching caching_;
};

/// The pages of one run, which are a stretch of a directory.
using Run = std::span<const PageInfo>;

/// The runs of a partition's shard in a directory, oldest first. They borrow the directory.
[[nodiscard]] std::vector<Run> runs_of(const Directory& directory, PartitionId partition, std::uint32_t shard);

/// Reads rows of a run by series, ascending; opens only the pages that it must.
class RowCursor {
 public:
  RowCursor(const PageSource& source, Run run) : source_(&source), run_(run) {}

  /// The series' rows, ascending by bucket; good until the next call. No series below one asked for before.
  [[nodiscard]] Result<std::span<const PageRow>> rows(SeriesId series);
  /// Digests of the rows that rows() gave last.
  [[nodiscard]] Result<std::span<const std::string_view>> digests();
  /// The first series from `series` on that the run has.
  [[nodiscard]] Result<std::optional<SeriesId>> next_series(SeriesId series);

 private:
  /// Goes to the page that would hold the series; false if there is none.
  Result<bool> seek(SeriesId series);
  Result<void> open();

  const PageSource* source_;
  Run run_;
  std::size_t at_ = 0;      ///< Page in the run.
  std::size_t series_ = 0;  ///< In the open page.
  std::unique_ptr<rocksdb::PinnableSlice> bytes_ = std::make_unique<rocksdb::PinnableSlice>();
  std::unique_ptr<rocksdb::PinnableSlice> digest_bytes_ = std::make_unique<rocksdb::PinnableSlice>();
  std::optional<Page> page_;
  std::optional<DigestPage> digests_;
};

/// Reads points of a run by series, ascending.
class PointCursor {
 public:
  PointCursor(const PageSource& source, Run run) : source_(&source), run_(run) {}

  /// Appends the series' points with time in [from, to), in stored order. No series below one asked for before.
  [[nodiscard]] Result<void> append(SeriesId series, Millis from, Millis to, std::vector<RawPoint>& points);
  /// The first series from `series` on that the run has.
  [[nodiscard]] Result<std::optional<SeriesId>> next_series(SeriesId series);

 private:
  Result<void> open(std::size_t page);

  const PageSource* source_;
  Run run_;
  std::size_t at_ = 0;    ///< First page that may hold the series.
  std::size_t open_ = 0;  ///< The page that is open.
  std::unique_ptr<rocksdb::PinnableSlice> bytes_ = std::make_unique<rocksdb::PinnableSlice>();
  std::optional<RawPage> page_;
};

/// Rows of several runs of one group as one: the newest run's row stands for each (series, bucket).
class RowMerge {
 public:
  RowMerge(const PageSource& source, std::span<const Run> runs);

  /// Calls for each row of the series with bucket in [from, to), ascending; the digest is empty unless asked for.
  [[nodiscard]] Result<void> rows(SeriesId series, Millis from, Millis to, bool digests,
                                  FunctionRef<void(const PageRow&, std::string_view)> row);
  /// The first series from `series` on that a run has.
  [[nodiscard]] Result<std::optional<SeriesId>> next_series(SeriesId series);

 private:
  struct Slot {
    const PageRow* row;
    std::uint32_t cursor;
    std::uint32_t index;
  };

  Millis start_;  ///< Of the span.
  Duration width_{1};
  std::vector<RowCursor> cursors_;
  std::vector<std::span<const PageRow>> found_;
  std::vector<Slot> slots_;
  std::vector<std::span<const std::string_view>> digests_;
};

/// Points of several runs of one group as one: by time, equal times in the order of the runs.
class PointMerge {
 public:
  PointMerge(const PageSource& source, std::span<const Run> runs);

  /// The series' points with time in [from, to); good until the next call.
  [[nodiscard]] Result<std::span<const RawPoint>> points(SeriesId series, Millis from, Millis to);
  /// The first series from `series` on that a run has.
  [[nodiscard]] Result<std::optional<SeriesId>> next_series(SeriesId series);

 private:
  std::vector<PointCursor> cursors_;
  std::vector<RawPoint> points_;
};

}  // namespace millrace
