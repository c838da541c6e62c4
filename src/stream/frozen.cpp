#include "stream/frozen.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <utility>

namespace millrace {
namespace {

using RowPtr = std::shared_ptr<const Row>;

/// By time, equal times in the order in which they stand.
void sort_by_time(std::span<RawPoint> points) {
  std::vector<std::pair<Millis, std::size_t>> order;
  order.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) order.emplace_back(points[i].time, i);
  std::ranges::sort(order);
  const std::vector<RawPoint> before(points.begin(), points.end());
  for (std::size_t i = 0; i < points.size(); ++i) points[i] = before[order[i].second];
}

/// Points by (series, time), equal times as they were accepted: a counting sort by series, whose points nearly always
/// come in the order of time.
std::vector<RawPoint> sort_raw(const std::vector<RawChunk>& chunks) {
  std::uint32_t low = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t high = 0;
  std::size_t size = 0;
  for (const RawChunk& chunk : chunks) {
    size += chunk.events->size();
    for (const SeriesId id : chunk.events->series) {
      low = std::min(low, id.value);
      high = std::max(high, id.value);
    }
  }
  if (size == 0) return {};
  std::vector<std::size_t> place(static_cast<std::size_t>(high - low) + 2, 0);
  for (const RawChunk& chunk : chunks) {
    for (const SeriesId id : chunk.events->series) ++place[id.value - low + 1];
  }
  for (std::size_t i = 1; i < place.size(); ++i) place[i] += place[i - 1];

  std::vector<RawPoint> points(size);
  for (const RawChunk& chunk : chunks) {
    const Section& events = *chunk.events;
    for (std::size_t i = 0; i < events.size(); ++i) {
      points[place[events.series[i].value - low]++] = {events.series[i], events.time[i], events.value[i]};
    }
  }
  for (std::size_t begin = 0, i = 0; i + 1 < place.size(); ++i) {  // place[i] is now the end of series low + i
    const std::span<RawPoint> one(points.data() + begin, place[i] - begin);
    if (!std::ranges::is_sorted(one, {}, &RawPoint::time)) sort_by_time(one);
    begin = place[i];
  }
  return points;
}

/// (series, bucket) in one number that sorts as they do.
std::uint64_t key_of(SeriesId series, Millis bucket, Millis minute) {
  return (static_cast<std::uint64_t>(series.value) << 3) |
         static_cast<std::uint64_t>((bucket - minute) / width(Level::ten_seconds));
}

struct Part {
  std::uint64_t key;
  const Row* row;
};

/// Stored rows of `minute` for the series of `parts` and `more`, where no part has the row.
Result<std::vector<Row>> read_others(const Frozen& frozen, const OpenMinute& minute, const std::vector<Part>& parts,
                                     const Catalog& catalog, Store& store) {
  std::map<MetricId, std::vector<SeriesId>> wanted;
  const auto want = [&](SeriesId id) { wanted[catalog.at(id).metric].push_back(id); };
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i == 0 || parts[i].key >> 3 != parts[i - 1].key >> 3) want(parts[i].row->series);
  }
  for (const SeriesId id : minute.evicted) want(id);
  for (std::uint32_t id = 0; minute.whole && id < frozen.define_until; ++id) want(SeriesId{id});

  std::vector<Row> rows;
  std::optional<Error> error;
  for (auto& [metric, series] : wanted) {
    std::ranges::sort(series);
    series.erase(std::ranges::unique(series).begin(), series.end());
    const RowRequest request{
        Level::ten_seconds, metric, series, minute.start, minute.start + width(Level::minute), true, frozen.partition};
    auto read = store.read(request, [&](const RowView& view) {
      const std::uint64_t key = key_of(view.series, view.bucket, minute.start);
      if (std::ranges::binary_search(parts, key, {}, &Part::key)) return;
      auto row = view.materialize();
      if (row) {
        rows.push_back(std::move(*row));
      } else if (!error) {
        error = std::move(row.error());
      }
    });
    if (!read) return fail(std::move(read.error()));
    if (error) return fail(std::move(*error));
  }
  return rows;
}

Result<void> merge_minute(const Frozen& frozen, const OpenMinute& minute, const Catalog& catalog, Store& store,
                          std::vector<RowPtr>& out) {
  std::vector<Part> parts;
  parts.reserve(minute.touched.size());
  for (const RowPtr& row : minute.touched) {
    if (row) parts.push_back({key_of(row->series, row->bucket, minute.start), row.get()});
  }
  std::ranges::sort(parts, {}, &Part::key);

  std::vector<Row> others;
  if (!minute.complete) {
    auto read = read_others(frozen, minute, parts, catalog, store);
    if (!read) return fail(std::move(read.error()));
    others = std::move(*read);
    for (const Row& row : others) parts.push_back({key_of(row.series, row.bucket, minute.start), &row});
    std::ranges::sort(parts, {}, &Part::key);
  }

  for (std::size_t i = 0; i < parts.size();) {
    const SeriesId series = parts[i].row->series;
    auto row = std::make_shared<Row>(Row{frozen.partition, series, minute.start, Rollup(frozen.compression)});
    for (; i < parts.size() && parts[i].row->series == series; ++i) row->rollup.merge(parts[i].row->rollup);
    out.push_back(std::move(row));
  }
  return {};
}

}  // namespace

Result<Commit> build_commit(const Frozen& frozen, const Catalog& catalog, Store& store) {
  Commit commit;
  commit.partition = frozen.partition;
  commit.epoch = frozen.epoch;
  commit.expected = frozen.expected;
  commit.after = frozen.after;
  commit.rows = frozen.rows.rows;
  for (const OpenMinute& minute : frozen.rows.minutes) {
    auto merged = merge_minute(frozen, minute, catalog, store, commit.minutes);
    if (!merged) return fail(std::move(merged.error()));
  }
  commit.raw = sort_raw(frozen.raw);
  for (std::uint32_t id = frozen.define_from; id < frozen.define_until; ++id) {
    commit.definitions.push_back(catalog.at(SeriesId{id}));
  }
  return commit;
}

}  // namespace millrace
