#include "store/page_batch.hpp"

#include "store/digest_page.hpp"
#include "store/raw_page.hpp"
#include "store/rocks_database.hpp"

#include <algorithm>
#include <vector>

namespace millrace {
namespace {

/// End of the series that row `begin` belongs to.
std::size_t series_end(std::span<const PageRow> rows, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < rows.size() && rows[end].series == rows[begin].series) ++end;
  return end;
}

/// How many of the rows make the next page: whole series, at least one.
std::size_t rows_that_fit(std::span<const PageRow> rows, std::span<const std::string_view> digests,
                          std::size_t most_rows) {
  std::size_t end = 0;
  std::size_t digest_bytes = 0;
  while (end < rows.size()) {
    const std::size_t next = series_end(rows, end);
    for (std::size_t i = end; i < next; ++i) digest_bytes += digests[i].size();
    if (end > 0 && (next > most_rows || digest_bytes > PageBatch::digest_page_bytes)) break;
    end = next;
  }
  return end;
}

std::size_t most_items(double item_bytes) {
  return std::clamp<std::size_t>(static_cast<std::size_t>(static_cast<double>(PageBatch::page_bytes) / item_bytes), 16,
                                 most_page_rows);
}

std::vector<std::uint32_t> starts_of(std::span<const PageRow> rows) {
  std::vector<std::uint32_t> starts;
  for (std::size_t at = 0; at < rows.size(); at = series_end(rows, at))
    starts.push_back(static_cast<std::uint32_t>(at));
  starts.push_back(static_cast<std::uint32_t>(rows.size()));
  return starts;
}

}  // namespace

std::uint32_t PageBatch::next_ordinal(const GroupKey& group, std::uint64_t run) {
  if (group != group_ || run != run_) {
    group_ = group;
    run_ = run;
    ordinal_ = 0;
  }
  return ordinal_++;
}

void PageBatch::put_index(const PageInfo& info) {
  (void)batch_.Put(database_.index(), encode(info.key), encode_info(info));
}

void PageBatch::put_rows(const GroupKey& group, std::uint64_t run, std::span<const PageRow> rows,
                         std::span<const std::string_view> digests) {
  const Level level = group.span.level;
  const Millis start = span_start(level, group.span.span);
  while (!rows.empty()) {
    std::size_t count = rows_that_fit(rows, digests, most_items(row_bytes_));
    std::string page = encode_page(level, start, rows.first(count));
    row_bytes_ = static_cast<double>(page.size()) / static_cast<double>(count);
    while (page.size() > page_bytes * 5 / 4 && series_end(rows, 0) < count) {
      count = rows_that_fit(rows, digests, std::min(most_items(row_bytes_), count / 2));
      page = encode_page(level, start, rows.first(count));
      row_bytes_ = static_cast<double>(page.size()) / static_cast<double>(count);
    }
    const auto these = rows.first(count);
    const std::string twin = encode_digest_page(starts_of(these), digests.first(count));
    const PageKey key{group, run, next_ordinal(group, run)};
    const std::string bytes = encode(key);
    (void)batch_.Put(database_.pages(), bytes, page);
    (void)batch_.Put(database_.digests(), bytes, twin);
    PageInfo info{key,
                  these.front().series,
                  these.back().series,
                  static_cast<std::uint32_t>(count),
                  static_cast<std::uint32_t>(page.size() + twin.size()),
                  these.front().bucket.value,
                  0};
    info.latest = info.earliest;
    for (const PageRow& row : these) {
      info.earliest = std::min(info.earliest, row.bucket.value);
      info.latest = std::max(info.latest, row.bucket.value);
    }
    put_index(info);
    rows = rows.subspan(count);
    digests = digests.subspan(count);
  }
}

void PageBatch::put_points(const GroupKey& group, std::uint64_t run, std::span<const RawPoint> points) {
  const Millis start = span_start(Level::raw, group.span.span);
  while (!points.empty()) {
    std::size_t count = std::min(points.size(), most_items(point_bytes_));
    std::string page = encode_raw_page(start, points.first(count));
    while (page.size() > page_bytes * 5 / 4 && count > 16) {
      count /= 2;
      page = encode_raw_page(start, points.first(count));
    }
    point_bytes_ = static_cast<double>(page.size()) / static_cast<double>(count);
    const auto these = points.first(count);
    const PageKey key{group, run, next_ordinal(group, run)};
    (void)batch_.Put(database_.pages(), encode(key), page);
    PageInfo info{key,
                  these.front().series,
                  these.back().series,
                  static_cast<std::uint32_t>(count),
                  static_cast<std::uint32_t>(page.size()),
                  these.front().time.value,
                  these.front().time.value};
    for (const RawPoint& point : these) {
      info.earliest = std::min(info.earliest, point.time.value);
      info.latest = std::max(info.latest, point.time.value);
    }
    put_index(info);
    points = points.subspan(count);
  }
}

void PageBatch::remove(const PageKey& key) {
  const std::string bytes = encode(key);
  (void)batch_.Delete(database_.index(), bytes);
  (void)batch_.Delete(database_.pages(), bytes);
  if (key.group.span.level != Level::raw) (void)batch_.Delete(database_.digests(), bytes);
}

void RowGathering::add(const PageRow& row, std::string_view digest) {
  rows_.push_back(row);
  digests_.append(digest);
  ends_.push_back(digests_.size());
}

void RowGathering::put(PageBatch& batch, const GroupKey& group, std::uint64_t run) {
  std::vector<std::string_view> digests;
  digests.reserve(ends_.size());
  std::size_t begin = 0;
  for (const std::size_t end : ends_) {
    digests.push_back(std::string_view(digests_).substr(begin, end - begin));
    begin = end;
  }
  batch.put_rows(group, run, rows_, digests);
  rows_.clear();
  digests_.clear();
  ends_.clear();
}

}  // namespace millrace
