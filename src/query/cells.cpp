#include "query/cells.hpp"

#include <algorithm>

namespace millrace {
namespace {

Rollup plain_rollup(const RowView& row) {
  Rollup rollup;
  rollup.count = row.count;
  rollup.sum = row.sum;
  rollup.compensation = row.compensation;
  rollup.min = row.min;
  rollup.max = row.max;
  rollup.first = row.first;
  rollup.last = row.last;
  rollup.first_time = row.first_time;
  rollup.last_time = row.last_time;
  return rollup;
}

std::uint64_t origin(const RowView& row) {
  return static_cast<std::uint64_t>(row.partition.value) << 32U | row.series.value;
}

}  // namespace

Cells::Cells(std::size_t groups, const Grid& grid, bool digests, std::size_t limit)
    : buckets_(grid.count),
      start_(grid.start.value),
      width_(static_cast<std::uint64_t>(grid.width.count() / 10'000)),
      digests_(digests),
      limit_(limit),
      is_dense_(groups * grid.count <= dense_slots) {
  if (is_dense_) {
    dense_.assign(groups * grid.count, absent);
    cells_.reserve(std::min(limit, groups * grid.count));
    slots_.reserve(cells_.capacity());
  }
}

Cells::Cell* Cells::cell(std::uint64_t slot) {
  std::uint32_t& number = is_dense_ ? dense_[slot] : sparse_.try_emplace(slot, absent).first->second;
  if (number != absent) return &cells_[number];
  if (cells_.size() >= limit_) {
    overflowed_ = true;
    return nullptr;
  }
  number = static_cast<std::uint32_t>(cells_.size());
  slots_.push_back(slot);
  return &cells_.emplace_back();
}

void Cells::add(std::uint32_t group, const RowView& row, const Digest* digest) {
  if (overflowed_ || row.count == 0) return;
  const auto tens = static_cast<std::uint64_t>(row.bucket.value - start_) / 10'000;
  // Dividing 32 bits is several times quicker.
  const std::uint64_t bucket = (tens | width_) <= UINT32_MAX
                                   ? static_cast<std::uint32_t>(tens) / static_cast<std::uint32_t>(width_)
                                   : tens / width_;
  Cell* into = cell(group * buckets_ + bucket);
  if (into == nullptr) return;
  Rollup& rollup = into->rollup;
  const std::uint64_t from = origin(row);
  const bool is_first = rollup.count == 0 || row.first_time < rollup.first_time ||
                        (row.first_time == rollup.first_time && from < into->first_from);
  const bool is_last = rollup.count == 0 || row.last_time > rollup.last_time ||
                       (row.last_time == rollup.last_time && from >= into->last_from);
  // merge_plain orders by call; here the rule stands above the order in which rows were read.
  const double first = is_first ? row.first : rollup.first;
  const double last = is_last ? row.last : rollup.last;
  if (is_first) into->first_from = from;
  if (is_last) into->last_from = from;
  rollup.merge_plain(plain_rollup(row));
  rollup.first = first;
  rollup.last = last;
  if (!digests_) return;
  if (digest != nullptr) {
    rollup.digest.merge(*digest);
  } else if (!row.digest.empty()) {
    if (auto merged = Digest::merge_encoded(rollup.digest, row.digest); !merged && !error_) error_ = merged.error();
  }
}

void Cells::take(std::uint32_t group, FunctionRef<void(std::size_t, Rollup&&)> each) {
  if (is_dense_) {
    for (std::size_t bucket = 0; bucket < buckets_; ++bucket) {
      const std::uint32_t number = dense_[group * buckets_ + bucket];
      if (number != absent) each(bucket, std::move(cells_[number].rollup));
    }
    return;
  }
  if (order_.empty()) {
    order_.resize(cells_.size());
    for (std::uint32_t i = 0; i < order_.size(); ++i) order_[i] = i;
    std::sort(order_.begin(), order_.end(), [&](std::uint32_t a, std::uint32_t b) { return slots_[a] < slots_[b]; });
  }
  auto at = std::lower_bound(order_.begin(), order_.end(), group * buckets_,
                             [&](std::uint32_t number, std::uint64_t slot) { return slots_[number] < slot; });
  for (; at != order_.end() && slots_[*at] < (group + 1ULL) * buckets_; ++at) {
    each(static_cast<std::size_t>(slots_[*at] - group * buckets_), std::move(cells_[*at].rollup));
  }
}

}  // namespace millrace
