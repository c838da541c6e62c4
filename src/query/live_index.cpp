#include "query/live_index.hpp"

#include <algorithm>
#include <tuple>

namespace millrace {
namespace {

using Entry = LiveIndex::Entry;

std::uint64_t origin_of(PartitionId partition, SeriesId series) {
  return static_cast<std::uint64_t>(partition.value) << 32U | series.value;
}

std::pair<std::uint64_t, Millis> place(const Entry& entry) { return {entry.origin, entry.bucket}; }

/// By place; of one place the higher count first.
bool before(const Entry& a, const Entry& b) {
  return std::tie(a.origin, a.bucket, b.count) < std::tie(b.origin, b.bucket, a.count);
}

}  // namespace

LiveIndex::LiveIndex(std::vector<std::shared_ptr<const Row>> rows) : rows_(std::move(rows)) {
  entries_.reserve(rows_.size());
  for (const auto& row : rows_) {
    oldest_ = std::min(oldest_, row->bucket);
    newest_ = std::max(newest_, row->bucket);
    entries_.push_back({origin_of(row->partition, row->series), row->bucket, row->rollup.count, row.get()});
  }
  if (!std::is_sorted(entries_.begin(), entries_.end(), before)) std::sort(entries_.begin(), entries_.end(), before);
  // A row may be listed twice (frozen for a commit, and the copy that goes on): the newer one stands first.
  entries_.erase(std::unique(entries_.begin(), entries_.end(),
                             [](const Entry& a, const Entry& b) { return place(a) == place(b); }),
                 entries_.end());
}

std::size_t LiveIndex::seek(PartitionId partition, SeriesId series, Millis bucket) {
  const std::pair wanted{origin_of(partition, series), bucket};
  const auto is_before = [&](std::size_t at) { return place(entries_[at]) < wanted; };
  if (cursor_ > 0 && !is_before(cursor_ - 1)) cursor_ = 0;
  // A few steps from where the last question ended, then halves.
  for (int step = 0; step < 8; ++step) {
    if (cursor_ == entries_.size() || !is_before(cursor_)) return cursor_;
    ++cursor_;
  }
  const auto found = std::lower_bound(entries_.begin() + static_cast<std::ptrdiff_t>(cursor_), entries_.end(), wanted,
                                      [](const Entry& entry, const auto& key) { return place(entry) < key; });
  cursor_ = static_cast<std::size_t>(found - entries_.begin());
  return cursor_;
}

LiveIndex::Entry* LiveIndex::find(PartitionId partition, SeriesId series, Millis bucket) {
  if (bucket < oldest_ || bucket > newest_) return nullptr;
  const std::size_t at = seek(partition, series, bucket);
  if (at == entries_.size() || place(entries_[at]) != std::pair{origin_of(partition, series), bucket}) return nullptr;
  return &entries_[at];
}

bool LiveIndex::any(PartitionId partition, SeriesId series, Millis from, Millis to) {
  if (to <= oldest_ || from > newest_) return false;
  const std::size_t at = seek(partition, series, from);
  return at < entries_.size() && entries_[at].origin == origin_of(partition, series) && entries_[at].bucket < to;
}

}  // namespace millrace
