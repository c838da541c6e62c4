#include "query/live_index.hpp"

#include <algorithm>
#include <tuple>

namespace millrace {
namespace {

auto place(const Row& row) { return std::tuple(row.partition, row.series, row.bucket); }

}  // namespace

LiveIndex::LiveIndex(std::vector<std::shared_ptr<const Row>> rows) {
  entries_.reserve(rows.size());
  for (auto& row : rows) {
    oldest_ = std::min(oldest_, row->bucket);
    newest_ = std::max(newest_, row->bucket);
    entries_.push_back({std::move(row), false});
  }
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tuple_cat(place(*a.row), std::tuple(b.row->rollup.count)) <
           std::tuple_cat(place(*b.row), std::tuple(a.row->rollup.count));
  });
  // A row may be listed twice (frozen for a commit, and the copy that goes on): the newer one stands first.
  entries_.erase(std::unique(entries_.begin(), entries_.end(),
                             [](const Entry& a, const Entry& b) { return place(*a.row) == place(*b.row); }),
                 entries_.end());
}

std::size_t LiveIndex::seek(PartitionId partition, SeriesId series, Millis bucket) {
  const auto wanted = std::tuple(partition, series, bucket);
  const auto before = [&](std::size_t at) { return place(*entries_[at].row) < wanted; };
  if (cursor_ > 0 && !before(cursor_ - 1)) cursor_ = 0;
  // A few steps from where the last question ended, then halves.
  for (int step = 0; step < 8; ++step) {
    if (cursor_ == entries_.size() || !before(cursor_)) return cursor_;
    ++cursor_;
  }
  const auto found = std::lower_bound(entries_.begin() + static_cast<std::ptrdiff_t>(cursor_), entries_.end(), wanted,
                                      [](const Entry& entry, const auto& key) { return place(*entry.row) < key; });
  cursor_ = static_cast<std::size_t>(found - entries_.begin());
  return cursor_;
}

LiveIndex::Entry* LiveIndex::find(PartitionId partition, SeriesId series, Millis bucket) {
  if (bucket < oldest_ || bucket > newest_) return nullptr;
  const std::size_t at = seek(partition, series, bucket);
  if (at == entries_.size() || place(*entries_[at].row) != std::tuple(partition, series, bucket)) return nullptr;
  return &entries_[at];
}

bool LiveIndex::any(PartitionId partition, SeriesId series, Millis from, Millis to) {
  if (to <= oldest_ || from > newest_) return false;
  const std::size_t at = seek(partition, series, from);
  return at < entries_.size() && entries_[at].row->partition == partition && entries_[at].row->series == series &&
         entries_[at].row->bucket < to;
}

}  // namespace millrace
