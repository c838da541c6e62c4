#include "stream/frozen.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
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

/// What the store holds of a minute.
struct Stored {
  std::vector<Row> others;             ///< 10 s rows of which no part is newer.
  std::map<SeriesId, Rollup> minutes;  ///< 1 m rows whose 10 s rows are not all there any more.
};

/// For the series of `parts`, those evicted, or all.
Result<Stored> read_stored(const Frozen& frozen, const OpenMinute& minute, const std::vector<Part>& parts,
                           const Catalog& catalog, Store& store) {
  std::map<MetricId, std::vector<SeriesId>> wanted;
  const auto want = [&](SeriesId id) { wanted[catalog.at(id).metric].push_back(id); };
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i == 0 || parts[i].key >> 3 != parts[i - 1].key >> 3) want(parts[i].row->series);
  }
  for (const SeriesId id : minute.evicted) want(id);
  for (std::uint32_t id = 0; minute.whole && id < frozen.define_until; ++id) want(SeriesId{id});

  Stored out;
  std::optional<Error> error;
  const auto keep = [&](const RowView& view, auto put) {
    auto row = view.materialize();
    if (row) {
      put(std::move(*row));
    } else if (!error) {
      error = std::move(row.error());
    }
  };
  for (auto& [metric, series] : wanted) {
    std::ranges::sort(series);
    series.erase(std::ranges::unique(series).begin(), series.end());
    RowRequest request{Level::ten_seconds, metric, series, minute.start, minute.start + width(Level::minute), true,
                       frozen.partition};
    std::unordered_map<SeriesId, std::uint64_t> counts;
    auto read = store.read(request, [&](const RowView& view) {
      counts[view.series] += view.count;
      if (std::ranges::binary_search(parts, key_of(view.series, view.bucket, minute.start), {}, &Part::key)) return;
      keep(view, [&](Row row) { out.others.push_back(std::move(row)); });
    });
    if (!read) return fail(std::move(read.error()));
    request.level = Level::minute;
    read = store.read(request, [&](const RowView& view) {
      if (view.count <= counts[view.series]) return;
      keep(view, [&](Row row) { out.minutes.emplace(row.series, std::move(row.rollup)); });
    });
    if (!read) return fail(std::move(read.error()));
    if (error) return fail(std::move(*error));
  }
  return out;
}

/// Minutes of which retention has dropped 10 s rows are not derived from what is left: they take the new events alone.
void add_events(const Frozen& frozen, const OpenMinute& minute, const Catalog& catalog,
                std::map<SeriesId, Rollup>& minutes) {
  if (minutes.empty()) return;
  for (const RawChunk& chunk : frozen.raw) {
    const Section& events = *chunk.events;
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (align_down(events.time[i], width(Level::minute)) != minute.start) continue;
      for (const SeriesId id : {events.series[i], catalog.total(catalog.at(events.series[i]).metric)}) {
        if (const auto at = minutes.find(id); at != minutes.end()) at->second.add(events.value[i], events.time[i]);
      }
    }
  }
}

Result<void> merge_minute(const Frozen& frozen, const OpenMinute& minute, const Catalog& catalog, Store& store,
                          std::vector<RowPtr>& out) {
  std::vector<Part> parts;
  parts.reserve(minute.touched.size());
  for (const RowPtr& row : minute.touched) {
    if (row) parts.push_back({key_of(row->series, row->bucket, minute.start), row.get()});
  }
  std::ranges::sort(parts, {}, &Part::key);

  Stored stored;
  if (!minute.complete) {
    auto read = read_stored(frozen, minute, parts, catalog, store);
    if (!read) return fail(std::move(read.error()));
    stored = std::move(*read);
    for (const Row& row : stored.others) parts.push_back({key_of(row.series, row.bucket, minute.start), &row});
    std::ranges::sort(parts, {}, &Part::key);
    add_events(frozen, minute, catalog, stored.minutes);
  }

  for (std::size_t i = 0; i < parts.size();) {
    const SeriesId series = parts[i].row->series;
    auto row = std::make_shared<Row>(Row{frozen.partition, series, minute.start, Rollup(frozen.compression)});
    const auto kept = stored.minutes.find(series);
    if (kept != stored.minutes.end()) row->rollup = std::move(kept->second);
    for (; i < parts.size() && parts[i].row->series == series; ++i) {
      if (kept == stored.minutes.end()) row->rollup.merge(parts[i].row->rollup);
    }
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
