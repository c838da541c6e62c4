#include "query/counter_rates.hpp"

#include <algorithm>
#include <tuple>

namespace millrace {

double passed_seconds(Millis start, Duration width, Millis now) {
  // A tick is the shortest time that an answer can tell.
  constexpr Duration least{100};
  const Duration passed = now <= start ? width : std::clamp(now - start, least, width);
  return static_cast<double>(passed.count()) / 1000.0;
}

Duration CounterRates::look_back(Duration width) {
  constexpr Duration least{300'000};
  return (least + width - Duration{1}) / width * width;
}

void CounterRates::add(std::uint32_t group, const RowView& row) {
  const std::int64_t window = (align_down(row.bucket, grid_.width) - grid_.start) / grid_.width;
  samples_.push_back(
      {row.series.value, group, window, row.first_time, row.last_time, row.partition.value, row.first, row.last});
}

void CounterRates::finish() {
  std::sort(samples_.begin(), samples_.end(), [](const Sample& a, const Sample& b) {
    return std::tie(a.series, a.window, a.last_time, a.partition) <
           std::tie(b.series, b.window, b.last_time, b.partition);
  });
  const double width = static_cast<double>(grid_.width.count()) / 1000.0;
  const Sample* before = nullptr;  // the series' last row of an earlier window
  for (std::size_t i = 0; i < samples_.size();) {
    const Sample& start = samples_[i];
    const Sample* first = &start;
    const Sample* last = &start;
    for (; i < samples_.size() && samples_[i].series == start.series && samples_[i].window == start.window; ++i) {
      last = &samples_[i];
      if (std::tie(last->first_time, last->partition) < std::tie(first->first_time, first->partition)) first = last;
    }
    if (before != nullptr && before->series != start.series) before = nullptr;
    const double from = before != nullptr ? before->last : first->first;
    const double grown = last->last >= from ? last->last - from : last->last;
    if (start.window >= 0) {
      const double gap = before != nullptr ? static_cast<double>(start.window - before->window - 1) * width : 0.0;
      const Millis bucket = grid_.bucket(static_cast<std::size_t>(start.window));
      const std::uint64_t slot = start.group * grid_.count + static_cast<std::uint64_t>(start.window);
      Growth& into = growth_[slot];
      into.rate += grown / (gap + passed_seconds(bucket, grid_.width, now_));
      into.growth += grown;
      totals_[start.group] += grown;
    }
    before = last;
  }
  samples_.clear();
}

CounterRates::Growth CounterRates::at(std::uint32_t group, std::size_t bucket) const {
  const auto found = growth_.find(group * grid_.count + bucket);
  return found == growth_.end() ? Growth{} : found->second;
}

double CounterRates::total(std::uint32_t group) const {
  const auto found = totals_.find(group);
  return found == totals_.end() ? 0 : found->second;
}

}  // namespace millrace
