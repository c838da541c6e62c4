#include "store/page_cursor.hpp"

#include "store/rocks_database.hpp"
#include "store/slice_view.hpp"

#include <algorithm>

namespace millrace {
namespace {

/// First page from `at` on that ends at the series or after it.
std::size_t page_for(Run run, std::size_t at, SeriesId series) {
  const auto found = std::lower_bound(run.begin() + static_cast<std::ptrdiff_t>(at), run.end(), series,
                                      [](const PageInfo& page, SeriesId id) { return page.last < id; });
  return static_cast<std::size_t>(found - run.begin());
}

std::optional<SeriesId> lesser(std::optional<SeriesId> a, std::optional<SeriesId> b) {
  if (!a) return b;
  if (!b) return a;
  return std::min(*a, *b);
}

/// The least series from `series` on over all cursors.
template <class Cursor>
Result<std::optional<SeriesId>> least_series(std::vector<Cursor>& cursors, SeriesId series) {
  std::optional<SeriesId> least;
  for (Cursor& cursor : cursors) {
    const auto next = cursor.next_series(series);
    if (!next) return fail(next.error());
    least = lesser(least, *next);
  }
  return least;
}

/// Sorts by time; equal times stay in their order.
void sort_by_time(std::vector<RawPoint>& points) {
  const auto earlier = [](const RawPoint& a, const RawPoint& b) { return a.time < b.time; };
  if (std::is_sorted(points.begin(), points.end(), earlier)) return;
  std::vector<std::pair<std::int64_t, std::uint32_t>> order;
  order.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    order.emplace_back(points[i].time.value, static_cast<std::uint32_t>(i));
  }
  std::sort(order.begin(), order.end());
  std::vector<RawPoint> sorted;
  sorted.reserve(points.size());
  for (const auto& [time, index] : order) sorted.push_back(points[index]);
  points = std::move(sorted);
}

}  // namespace

Result<void> PageSource::fetch(rocksdb::ColumnFamilyHandle* family, const PageKey& key,
                               rocksdb::PinnableSlice& into) const {
  rocksdb::ReadOptions options;
  options.snapshot = view_->snapshot();
  options.fill_cache = caching_ == Caching::keep;
  into.Reset();
  const auto status = database_.db().Get(options, family, encode(key), &into);
  if (status.ok()) return {};
  if (status.IsNotFound()) {
    return fail(ErrorCode::corrupt, "store: a page that the index names is not there; restore a backup");
  }
  return fail(error_of(status, "read a page"));
}

Result<void> PageSource::fetch_page(const PageKey& key, rocksdb::PinnableSlice& into) const {
  return fetch(database_.pages(), key, into);
}

Result<void> PageSource::fetch_digests(const PageKey& key, rocksdb::PinnableSlice& into) const {
  return fetch(database_.digests(), key, into);
}

std::vector<Run> runs_of(const Directory& directory, PartitionId partition, std::uint32_t shard) {
  struct Place {
    PartitionId partition;
    std::uint32_t shard;
    auto operator<=>(const Place&) const = default;
  };
  const auto place = [](const PageInfo& page) { return Place{page.key.group.partition, page.key.group.shard}; };
  const auto pages = std::ranges::equal_range(directory, Place{partition, shard}, {}, place);
  std::vector<Run> runs;
  for (auto begin = pages.begin(); begin != pages.end();) {
    auto end = begin + 1;
    while (end != pages.end() && end->key.run == begin->key.run) ++end;
    runs.emplace_back(begin, end);
    begin = end;
  }
  return runs;
}

Result<void> RowCursor::open() {
  if (auto fetched = source_->fetch_page(run_[at_].key, *bytes_); !fetched) return fetched;
  auto page = Page::open(view_of(*bytes_));
  if (!page) return fail(page.error());
  page_ = std::move(*page);
  return {};
}

Result<bool> RowCursor::seek(SeriesId series) {
  const std::size_t page = page_for(run_, at_, series);
  if (page != at_) {
    at_ = page;
    series_ = 0;
    page_.reset();
    digests_.reset();
  }
  return at_ < run_.size();
}

Result<std::span<const PageRow>> RowCursor::rows(SeriesId series) {
  const auto there = seek(series);
  if (!there) return fail(there.error());
  if (!*there || run_[at_].first > series) return std::span<const PageRow>{};
  if (!page_) {
    if (auto opened = open(); !opened) return fail(opened.error());
  }
  const auto all = page_->series();
  const auto found = std::lower_bound(all.begin() + static_cast<std::ptrdiff_t>(series_), all.end(), series);
  series_ = static_cast<std::size_t>(found - all.begin());
  if (found == all.end() || *found != series) return std::span<const PageRow>{};
  return page_->read(series_);
}

Result<std::span<const std::string_view>> RowCursor::digests() {
  if (!digests_) {
    if (auto fetched = source_->fetch_digests(run_[at_].key, *digest_bytes_); !fetched) return fail(fetched.error());
    auto page = DigestPage::open(view_of(*digest_bytes_));
    if (!page) return fail(page.error());
    if (page->rows() != page_->rows() || page->series() != page_->series().size()) {
      return fail(ErrorCode::corrupt, "store: a page and its digests are not of the same rows");
    }
    digests_ = std::move(*page);
  }
  const std::size_t start = page_->starts()[series_];
  return digests_->read(series_, start, page_->starts()[series_ + 1] - start);
}

Result<std::optional<SeriesId>> RowCursor::next_series(SeriesId series) {
  const auto there = seek(series);
  if (!there) return fail(there.error());
  if (!*there) return std::optional<SeriesId>{};
  if (run_[at_].first >= series) return std::optional<SeriesId>{run_[at_].first};
  if (!page_) {
    if (auto opened = open(); !opened) return fail(opened.error());
  }
  const auto all = page_->series();
  const auto found = std::lower_bound(all.begin(), all.end(), series);
  if (found == all.end())
    return fail(ErrorCode::corrupt, "store: the index names a series that its page does not have");
  return std::optional<SeriesId>{*found};
}

Result<void> PointCursor::open(std::size_t page) {
  if (page_ && open_ == page) return {};
  page_.reset();
  if (auto fetched = source_->fetch_page(run_[page].key, *bytes_); !fetched) return fetched;
  auto opened = RawPage::open(view_of(*bytes_));
  if (!opened) return fail(opened.error());
  page_ = std::move(*opened);
  open_ = page;
  return {};
}

Result<void> PointCursor::append(SeriesId series, Millis from, Millis to, std::vector<RawPoint>& points) {
  at_ = page_for(run_, at_, series);
  // A series may go on in the next pages.
  for (std::size_t page = at_; page < run_.size() && run_[page].first <= series; ++page) {
    if (run_[page].latest < from.value || run_[page].earliest >= to.value) continue;
    if (auto opened = open(page); !opened) return opened;
    const auto all = page_->series();
    const auto found = std::lower_bound(all.begin(), all.end(), series);
    if (found == all.end() || *found != series) continue;
    const auto read = page_->read(static_cast<std::size_t>(found - all.begin()));
    if (!read) return fail(read.error());
    for (const RawPoint& point : *read) {
      if (point.time >= from && point.time < to) points.push_back(point);
    }
  }
  return {};
}

Result<std::optional<SeriesId>> PointCursor::next_series(SeriesId series) {
  at_ = page_for(run_, at_, series);
  if (at_ == run_.size()) return std::optional<SeriesId>{};
  if (run_[at_].first >= series) return std::optional<SeriesId>{run_[at_].first};
  if (auto opened = open(at_); !opened) return fail(opened.error());
  const auto all = page_->series();
  const auto found = std::lower_bound(all.begin(), all.end(), series);
  if (found == all.end())
    return fail(ErrorCode::corrupt, "store: the index names a series that its page does not have");
  return std::optional<SeriesId>{*found};
}

RowMerge::RowMerge(const PageSource& source, std::span<const Run> runs) {
  if (!runs.empty()) {
    const SpanKey& key = runs.front().front().key.group.span;
    start_ = span_start(key.level, key.span);
    width_ = width(key.level);
  }
  cursors_.reserve(runs.size());
  for (const Run& run : runs) cursors_.emplace_back(source, run);
  found_.resize(cursors_.size());
  digests_.resize(cursors_.size());
}

Result<std::optional<SeriesId>> RowMerge::next_series(SeriesId series) { return least_series(cursors_, series); }

Result<void> RowMerge::rows(SeriesId series, Millis from, Millis to, bool digests,
                            FunctionRef<void(const PageRow&, std::string_view)> row) {
  std::size_t runs = 0;
  std::size_t only = 0;
  for (std::size_t c = 0; c < cursors_.size(); ++c) {
    const auto found = cursors_[c].rows(series);
    if (!found) return fail(found.error());
    found_[c] = *found;
    if (found->empty()) continue;
    ++runs;
    only = c;
    if (!digests) continue;
    const auto twin = cursors_[c].digests();
    if (!twin) return fail(twin.error());
    digests_[c] = *twin;
  }
  if (runs == 0) return {};
  if (runs == 1) {
    for (std::size_t i = 0; i < found_[only].size(); ++i) {
      const PageRow& at = found_[only][i];
      if (at.bucket < from || at.bucket >= to) continue;
      row(at, digests ? digests_[only][i] : std::string_view{});
    }
    return {};
  }
  // A slot a bucket; newer runs write over older ones.
  slots_.assign(most_span_buckets, Slot{nullptr, 0, 0});
  for (std::size_t c = 0; c < cursors_.size(); ++c) {
    for (std::size_t i = 0; i < found_[c].size(); ++i) {
      const PageRow& at = found_[c][i];
      const std::int64_t bucket = (at.bucket.value - start_.value) / width_.count();
      if (bucket < 0 || bucket >= static_cast<std::int64_t>(most_span_buckets)) {
        return fail(ErrorCode::corrupt, "store: a page lies in another span than its key says");
      }
      slots_[static_cast<std::size_t>(bucket)] = {&at, static_cast<std::uint32_t>(c), static_cast<std::uint32_t>(i)};
    }
  }
  for (const Slot& slot : slots_) {
    if (slot.row == nullptr || slot.row->bucket < from || slot.row->bucket >= to) continue;
    row(*slot.row, digests ? digests_[slot.cursor][slot.index] : std::string_view{});
  }
  return {};
}

PointMerge::PointMerge(const PageSource& source, std::span<const Run> runs) {
  cursors_.reserve(runs.size());
  for (const Run& run : runs) cursors_.emplace_back(source, run);
}

Result<std::optional<SeriesId>> PointMerge::next_series(SeriesId series) { return least_series(cursors_, series); }

Result<std::span<const RawPoint>> PointMerge::points(SeriesId series, Millis from, Millis to) {
  points_.clear();
  for (PointCursor& cursor : cursors_) {
    if (auto read = cursor.append(series, from, to, points_); !read) return fail(read.error());
  }
  sort_by_time(points_);
  return std::span<const RawPoint>(points_);
}

}  // namespace millrace
