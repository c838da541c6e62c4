#include "store/maintenance.hpp"
#include "store/page.hpp"
#include "store/page_batch.hpp"
#include "store/rocks_database.hpp"
#include "store/slice_view.hpp"

#include <limits>
#include <utility>

namespace millrace {
namespace {

/// Folds a stored row in; the first digest that can't be read is kept in `digests`.
void add_row(Rollup& whole, const PageRow& row, std::string_view digest, Result<void>& digests) {
  Rollup plain;
  plain.count = row.count;
  plain.sum = row.sum;
  plain.compensation = row.compensation;
  plain.min = row.min;
  plain.max = row.max;
  plain.first = row.first;
  plain.last = row.last;
  plain.first_time = row.first_time;
  plain.last_time = row.last_time;
  whole.merge_plain(plain);
  if (digests) digests = Digest::merge_encoded(whole.digest, digest);
}

void add_whole(RowGathering& gathered, SeriesId series, Millis start, const Rollup& whole) {
  std::string bytes;
  whole.digest.encode(bytes);
  gathered.add({series, start, whole.count, whole.sum, whole.compensation, whole.min, whole.max, whole.first,
                whole.last, whole.first_time, whole.last_time},
               bytes);
}

}  // namespace

Result<bool> Maintenance::derive(Millis final_until) {
  const PageSource source(database_, database_.view(), PageSource::Caching::pass);
  rocksdb::ReadOptions options;
  options.snapshot = source.view().snapshot();
  const std::unique_ptr<rocksdb::Iterator> at(database_.db().NewIterator(options, database_.hours()));
  std::map<PartitionId, Millis> watermarks;
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    const auto hour = decode_hour_key(view_of(at->key()));
    if (!hour) return fail(ErrorCode::corrupt, "store: the mark of an hour is not what was written");
    const Millis end{(hour->hour + std::int64_t{1}) * width(Level::hour).count()};
    if (end > final_until) return false;
    // The last minutes of the hour come with the commit that passes its end.
    auto watermark = watermarks.find(hour->partition);
    if (watermark == watermarks.end()) {
      watermark = watermarks.emplace(hour->partition, database_.watermark(hour->partition)).first;
    }
    if (end > watermark->second) continue;
    const auto derived = derive_hour(*hour, at->value().ToString(), source);
    if (!derived || *derived) return derived;
  }
  if (!at->status().ok()) return fail(error_of(at->status(), "read which hours changed"));
  return false;
}

Result<bool> Maintenance::derive_hour(const HourKey& hour, const std::string& mark, const PageSource& source) {
  const Millis start{hour.hour * width(Level::hour).count()};
  const Millis end = start + width(Level::hour);
  const SpanKey minutes{Level::minute, span_of(Level::minute, start), hour.metric};
  const auto directory = source.view().directory(minutes);
  if (!directory) return fail(directory.error());
  const auto runs = runs_of(**directory, hour.partition, hour.shard);
  RowGathering gathered;
  // Nothing is derived again from rows that retention has begun to drop: what stands, stands.
  if (start >= minutes_from_) {
    RowMerge rows(source, runs);
    for (SeriesId series{0};;) {
      const auto next = rows.next_series(series);
      if (!next) return fail(next.error());
      if (!*next) break;
      Rollup whole(database_.compression());
      Result<void> digests;
      auto read = rows.rows(**next, start, end, true,
                            [&](const PageRow& row, std::string_view digest) { add_row(whole, row, digest, digests); });
      if (!read) return fail(read.error());
      if (!digests) return fail(digests.error());
      if (whole.count > 0) add_whole(gathered, **next, start, whole);
      if ((*next)->value == std::numeric_limits<std::uint32_t>::max()) break;
      series = SeriesId{(*next)->value + 1};
    }
  }
  return put_hour(hour, mark, gathered);
}

Result<bool> Maintenance::put_hour(const HourKey& hour, const std::string& mark, RowGathering& gathered) {
  RocksPartition& partition = database_.partition(hour.partition);
  const std::lock_guard lock(partition.mutex);
  rocksdb::PinnableSlice stands;
  const auto status = database_.db().Get({}, database_.hours(), encode(hour), &stands);
  if (!status.ok() && !status.IsNotFound()) return fail(error_of(status, "read which hours changed"));
  // A commit touched the hour meanwhile: its mark stays, and the hour is derived another time.
  if (!status.ok() || view_of(stands) != mark) return false;

  const Millis start{hour.hour * width(Level::hour).count()};
  const GroupKey group{{Level::hour, span_of(Level::hour, start), hour.metric}, hour.partition, hour.shard};
  PageBatch batch(database_);
  (void)batch.batch().Delete(database_.hours(), encode(hour));
  const bool rows = !gathered.empty();
  if (rows) {
    gathered.put(batch, group, partition.runs + 1);
    (void)batch.batch().Put(database_.meta(), RocksDatabase::runs_key(hour.partition),
                            RocksDatabase::encode_runs(partition.runs + 1));
  }
  if (auto written = database_.write(batch.batch(), RocksDatabase::Durability::unsynced, "write 1 h rows"); !written) {
    return fail(written.error());
  }
  if (rows) {
    ++partition.runs;
    note({group});
  }
  if (auto shown = database_.publish({&group.span, 1}); !shown) return fail(shown.error());
  return true;
}

}  // namespace millrace
