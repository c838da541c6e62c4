#pragma once

#include "catalog/catalog.hpp"
#include "model/event_batch.hpp"
#include "model/rollup.hpp"
#include "store/store.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::testing {

/// An event as a test writes it down.
struct Event {
  SeriesId series;
  Millis time;
  double value;
};

inline std::shared_ptr<const Section> section_of(const std::vector<Event>& events, PartitionId partition = {}) {
  auto section = std::make_shared<Section>();
  section->partition = partition;
  for (const Event& event : events) {
    section->series.push_back(event.series);
    section->time.push_back(event.time);
    section->value.push_back(event.value);
  }
  return section;
}

inline std::shared_ptr<const EventBatch> batch_of(const std::vector<Event>& events, Millis arrival,
                                                  PartitionId partition = {}) {
  auto batch = std::make_shared<EventBatch>();
  batch->arrival = arrival;
  batch->sections.push_back(*section_of(events, partition));
  return batch;
}

/// Rollups the slow way: every value is kept, and everything is computed from all of them when it is asked for.
class Oracle {
 public:
  explicit Oracle(const Catalog& catalog) : catalog_(catalog) {}

  using Key = std::pair<SeriesId, Millis>;
  struct Value {
    Millis time;
    double value;
  };
  struct Figures {
    std::uint64_t count = 0;
    double sum = 0;
    double magnitude = 0;  ///< Sum of |v|.
    double min = 0, max = 0, first = 0, last = 0;
    Millis first_time, last_time;
    std::vector<double> sorted;
  };

  void fold(const Section& section) {
    for (std::size_t i = 0; i < section.size(); ++i) {
      const Value value{section.time[i], section.value[i]};
      const SeriesId series = section.series[i];
      const Millis bucket = align_down(value.time, Duration{10'000});
      values_[{series, bucket}].push_back(value);
      values_[{catalog_.total(catalog_.at(series).metric), bucket}].push_back(value);
      raw_[series].push_back(value);
    }
  }

  static Figures figures(const std::vector<Value>& values) {
    Figures out;
    out.count = values.size();
    long double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Value& v = values[i];
      sum += v.value;
      out.magnitude += std::abs(v.value);
      out.sorted.push_back(v.value);
      if (i == 0 || v.time < out.first_time) {
        out.first_time = v.time;
        out.first = v.value;
      }
      if (i == 0 || v.time >= out.last_time) {
        out.last_time = v.time;
        out.last = v.value;
      }
    }
    std::ranges::sort(out.sorted);
    out.min = out.sorted.front();
    out.max = out.sorted.back();
    out.sum = static_cast<double>(sum);
    return out;
  }

  [[nodiscard]] const std::map<Key, std::vector<Value>>& values() const { return values_; }
  /// Points of a series as they are kept: by time, equal times as accepted.
  [[nodiscard]] std::vector<RawPoint> raw(SeriesId series) const {
    std::vector<RawPoint> out;
    const auto found = raw_.find(series);
    if (found == raw_.end()) return out;
    std::multimap<Millis, double> by_time;  // equal keys stand in the order of insertion
    for (const Value& v : found->second) by_time.emplace(v.time, v.value);
    for (const auto& [time, value] : by_time) out.push_back({series, time, value});
    return out;
  }

 private:
  const Catalog& catalog_;
  std::map<Key, std::vector<Value>> values_;
  std::map<SeriesId, std::vector<Value>> raw_;
};

/// "" if the rollup is what the values come to, else what differs. Quantiles are compared while they are exact.
inline std::string difference(const Rollup& rollup, const Oracle::Figures& want) {
  const auto say = [](const char* what, double have, double should) {
    return std::string(what) + " is " + std::to_string(have) + ", not " + std::to_string(should) + "; ";
  };
  std::string out;
  if (rollup.count != want.count) {
    out += say("count", static_cast<double>(rollup.count), static_cast<double>(want.count));
  }
  if (rollup.min != want.min) out += say("min", rollup.min, want.min);
  if (rollup.max != want.max) out += say("max", rollup.max, want.max);
  if (rollup.first != want.first || rollup.first_time != want.first_time) out += say("first", rollup.first, want.first);
  if (rollup.last != want.last || rollup.last_time != want.last_time) out += say("last", rollup.last, want.last);
  if (std::abs(rollup.total() - want.sum) > 1e-12 * want.magnitude) out += say("sum", rollup.total(), want.sum);
  if (rollup.digest.count() != want.count) {
    out += say("digest count", static_cast<double>(rollup.digest.count()), static_cast<double>(want.count));
  }
  if (!out.empty() || want.count > Digest::exact_values) return out;
  for (const double q : {0.0, 0.25, 0.5, 0.95, 0.99, 1.0}) {
    const double at = q * static_cast<double>(want.count - 1);
    const auto low = static_cast<std::size_t>(at);
    const std::size_t high = std::min(low + 1, want.sorted.size() - 1);
    const double exact = want.sorted[low] + (at - static_cast<double>(low)) * (want.sorted[high] - want.sorted[low]);
    if (std::abs(rollup.digest.quantile(q) - exact) > 1e-9) out += say("quantile", rollup.digest.quantile(q), exact);
  }
  return out;
}

}  // namespace millrace::testing
