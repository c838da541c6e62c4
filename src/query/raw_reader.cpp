#include "query/raw_reader.hpp"

#include <algorithm>
#include <utility>

namespace millrace {
namespace {

constexpr int attempts = 8;

/// True if every partition's stored offset is still the one that its live points begin at.
Result<bool> unmoved(Store& store, const std::vector<Offset>& raw_from) {
  for (std::size_t i = 0; i < raw_from.size(); ++i) {
    const auto state = store.state(PartitionId{static_cast<std::uint16_t>(i)});
    if (!state) return fail(state.error());
    if (state->next != raw_from[i]) return false;
  }
  return true;
}

/// Stored points of a partition were accepted before its live ones, so equal times keep the order met.
void sort_by_time(std::vector<RawAnswerPoint>& points) {
  std::vector<std::pair<Millis, std::size_t>> order;
  order.reserve(points.size());
  for (const RawAnswerPoint& point : points) order.emplace_back(point.timestamp, order.size());
  std::sort(order.begin(), order.end());
  std::vector<RawAnswerPoint> sorted;
  sorted.reserve(points.size());
  for (const auto& [time, index] : order) sorted.push_back(points[index]);
  points = std::move(sorted);
}

}  // namespace

Result<RawRead> read_raw(Store& store, Engine& engine, const Selection& selection, Millis from, Millis to,
                         std::size_t limit, Duration live_timeout) {
  for (int attempt = 0; attempt < attempts; ++attempt) {
    RawRead read;
    const auto live = engine.live({Level::raw, selection.series, from, to + Duration{1}, false}, live_timeout);
    read.live_missing = !live;
    const RawRequest request{selection.metric, selection.series, from, to + Duration{1}};
    auto stored = store.read_raw(request, [&](PartitionId, const RawPoint& point) {
      if (read.points.size() <= limit) read.points.push_back({point.time, point.value, point.series});
    });
    if (!stored) return fail(stored.error());
    if (live) {
      const auto still = unmoved(store, live->raw_from);
      if (!still) return fail(still.error());
      if (!*still) continue;
      for (const RawPoint& point : live->raw) {
        if (read.points.size() <= limit) read.points.push_back({point.time, point.value, point.series});
      }
    }
    read.too_many = read.points.size() > limit;
    sort_by_time(read.points);
    return read;
  }
  return fail(ErrorCode::deadline,
              "raw points kept moving into the store while they were read: ask for a shorter range");
}

}  // namespace millrace
