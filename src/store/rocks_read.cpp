#include "store/page_cursor.hpp"
#include "store/rocks_database.hpp"
#include "store/rocks_store.hpp"

#include <algorithm>
#include <set>

namespace millrace {
namespace {

/// The directories of a metric over the spans that a time range touches, ascending.
Result<std::vector<std::shared_ptr<const Directory>>> directories(PageView& view, Level level, MetricId metric,
                                                                  Millis from, Millis to) {
  std::vector<std::shared_ptr<const Directory>> found;
  if (from >= to) return found;
  const std::int32_t first = span_of(level, from);
  const std::int32_t last = span_of(level, to - Duration{1});
  const auto spans = view.spans(level);
  for (auto at = std::lower_bound(spans.begin(), spans.end(), first); at != spans.end() && *at <= last; ++at) {
    auto directory = view.directory({level, *at, metric});
    if (!directory) return fail(directory.error());
    if (!(*directory)->empty()) found.push_back(std::move(*directory));
  }
  return found;
}

/// The partitions that the directories speak of.
std::set<PartitionId> partitions_in(std::span<const std::shared_ptr<const Directory>> directories) {
  std::set<PartitionId> partitions;
  for (const auto& directory : directories) {
    for (auto at = directory->begin(); at != directory->end();) {
      const PartitionId partition = at->key.group.partition;
      partitions.insert(partition);
      at = std::upper_bound(at, directory->end(), partition,
                            [](PartitionId id, const PageInfo& page) { return id < page.key.group.partition; });
    }
  }
  return partitions;
}

/// The series of one shard at the start of `series`.
std::span<const SeriesId> shard_part(std::span<const SeriesId> series) {
  const std::uint32_t shard = shard_of(series.front());
  const auto end = std::find_if(series.begin(), series.end(), [&](SeriesId id) { return shard_of(id) != shard; });
  return series.first(static_cast<std::size_t>(end - series.begin()));
}

/// Keeps the runs that have a page in the range of series.
void keep_touched(std::vector<Run>& runs, SeriesId first, SeriesId last) {
  std::erase_if(runs, [&](const Run& run) { return run.back().last < first || run.front().first > last; });
}

RowView view_of(PartitionId partition, const PageRow& row, std::string_view digest) {
  return {partition, row.series, row.bucket,     row.count,     row.sum, row.compensation, row.min, row.max,
          row.first, row.last,   row.first_time, row.last_time, digest};
}

}  // namespace

Result<void> RocksStore::read(const RowRequest& request, FunctionRef<void(const RowView&)> row) {
  if (request.level == Level::raw) {
    return fail(ErrorCode::invalid_argument, "store: raw points are no rows; read them as points");
  }
  const PageSource source(*database_, database_->view(), PageSource::Caching::keep);
  const auto found = directories(source.view(), request.level, request.metric, request.from, request.to);
  if (!found) return fail(found.error());
  for (const PartitionId partition : partitions_in(*found)) {
    if (request.partition && *request.partition != partition) continue;
    for (auto rest = request.series; !rest.empty();) {
      const auto part = shard_part(rest);
      rest = rest.subspan(part.size());
      std::vector<RowMerge> spans;
      for (const auto& directory : *found) {
        auto runs = runs_of(*directory, partition, shard_of(part.front()));
        keep_touched(runs, part.front(), part.back());
        if (!runs.empty()) spans.emplace_back(source, runs);
      }
      if (spans.empty()) continue;
      for (const SeriesId series : part) {
        for (RowMerge& span : spans) {
          auto read =
              span.rows(series, request.from, request.to, request.digests,
                        [&](const PageRow& at, std::string_view digest) { row(view_of(partition, at, digest)); });
          if (!read) return read;
        }
      }
    }
  }
  return {};
}

Result<void> RocksStore::read_raw(const RawRequest& request, FunctionRef<void(PartitionId, const RawPoint&)> point) {
  const PageSource source(*database_, database_->view(), PageSource::Caching::keep);
  const auto found = directories(source.view(), Level::raw, request.metric, request.from, request.to);
  if (!found) return fail(found.error());
  for (const PartitionId partition : partitions_in(*found)) {
    for (auto rest = request.series; !rest.empty();) {
      const auto part = shard_part(rest);
      rest = rest.subspan(part.size());
      std::vector<PointMerge> spans;
      for (const auto& directory : *found) {
        auto runs = runs_of(*directory, partition, shard_of(part.front()));
        keep_touched(runs, part.front(), part.back());
        if (!runs.empty()) spans.emplace_back(source, runs);
      }
      for (const SeriesId series : part) {
        for (PointMerge& span : spans) {
          const auto points = span.points(series, request.from, request.to);
          if (!points) return fail(points.error());
          for (const RawPoint& at : *points) point(partition, at);
        }
      }
    }
  }
  return {};
}

}  // namespace millrace
