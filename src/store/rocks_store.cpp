#include "store/rocks_store.hpp"

#include "store/maintenance.hpp"
#include "store/page_batch.hpp"
#include "store/rocks_database.hpp"
#include "store/slice_view.hpp"
#include "store/store_format.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <unordered_map>
#include <utility>

namespace millrace {
namespace {

std::int64_t steady_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

/// A row with what it is sorted by.
struct Placed {
  MetricId metric;
  std::int32_t span;
  SeriesId series;
  Millis bucket;
  const Row* row;
};

PageRow page_row(const Row& row) {
  const Rollup& rollup = row.rollup;
  return {row.series, row.bucket,   rollup.count, rollup.sum,        rollup.compensation, rollup.min,
          rollup.max, rollup.first, rollup.last,  rollup.first_time, rollup.last_time};
}

/// Turns one commit into one batch.
class CommitWriter {
 public:
  CommitWriter(RocksDatabase& database, const Commit& commit, std::uint64_t run)
      : database_(database), commit_(commit), run_(run), pages_(database) {
    for (const SeriesDefinition& definition : commit.definitions) defined_.emplace(definition.id, definition.metric);
  }

  Result<void> encode_all() {
    if (auto done = put_rows(Level::ten_seconds, commit_.rows); !done) return done;
    if (auto done = put_rows(Level::minute, commit_.minutes); !done) return done;
    if (auto done = put_points(); !done) return done;
    rocksdb::WriteBatch& batch = pages_.batch();
    const std::string number = RocksDatabase::encode_runs(run_);
    for (const HourKey& hour : hours_) (void)batch.Put(database_.hours(), encode(hour), number);
    for (const SeriesDefinition& definition : commit_.definitions) {
      if (database_.metric_of(definition.id)) continue;
      (void)batch.Put(database_.catalog(), catalog_key(definition.id), catalog_row(definition));
    }
    (void)batch.Put(database_.meta(), RocksDatabase::state_key(commit_.partition), encode(commit_.after));
    (void)batch.Put(database_.meta(), RocksDatabase::runs_key(commit_.partition), number);
    return {};
  }

  [[nodiscard]] rocksdb::WriteBatch& batch() { return pages_.batch(); }
  [[nodiscard]] const std::set<GroupKey>& groups() const { return groups_; }
  [[nodiscard]] std::vector<SpanKey> changed() const {
    std::set<SpanKey> spans;
    for (const GroupKey& group : groups_) spans.insert(group.span);
    return {spans.begin(), spans.end()};
  }

 private:
  Result<MetricId> metric_of(SeriesId series) const {
    if (const auto known = database_.metric_of(series)) return *known;
    if (const auto defined = defined_.find(series); defined != defined_.end()) return defined->second;
    return fail(ErrorCode::invalid_argument,
                "store: series " + std::to_string(series.value) + " is in a commit, but was never defined");
  }

  Result<void> put_rows(Level level, const std::vector<std::shared_ptr<const Row>>& rows) {
    std::vector<Placed> placed;
    placed.reserve(rows.size());
    MetricId metric;
    for (const auto& row : rows) {
      if (placed.empty() || placed.back().row->series != row->series) {
        const auto found = metric_of(row->series);
        if (!found) return fail(found.error());
        metric = *found;
      }
      if (align_down(row->bucket, width(level)) != row->bucket) {
        return fail(ErrorCode::invalid_argument, "store: a row's bucket is not aligned to its level");
      }
      placed.push_back({metric, span_of(level, row->bucket), row->series, row->bucket, row.get()});
    }
    std::sort(placed.begin(), placed.end(), [](const Placed& a, const Placed& b) {
      if (a.metric != b.metric) return a.metric < b.metric;
      if (a.span != b.span) return a.span < b.span;
      if (a.series != b.series) return a.series < b.series;
      return a.bucket < b.bucket;
    });
    for (std::size_t begin = 0; begin < placed.size();) {
      const GroupKey group = group_of(level, placed[begin]);
      std::size_t end = begin + 1;
      while (end < placed.size() && group_of(level, placed[end]) == group) ++end;
      put_group(group, std::span(placed).subspan(begin, end - begin));
      begin = end;
    }
    return {};
  }

  [[nodiscard]] GroupKey group_of(Level level, const Placed& placed) const {
    return {{level, placed.span, placed.metric}, commit_.partition, shard_of(placed.series)};
  }

  void put_group(const GroupKey& group, std::span<const Placed> placed) {
    std::string digest;
    const Row* before = nullptr;
    std::int32_t hour = 0;
    for (const Placed& at : placed) {
      const Row& row = *at.row;
      if (before != nullptr && before->series == row.series && before->bucket == row.bucket) continue;
      before = &row;
      digest.clear();
      row.rollup.digest.encode(digest);
      gathered_.add(page_row(row), digest);
      const std::int32_t in = hour_of(row.bucket);
      if (gathered_.size() == 1 || in != hour) hours_.insert({in, at.metric, commit_.partition, group.shard});
      hour = in;
    }
    gathered_.put(pages_, group, run_);
    groups_.insert(group);
  }

  Result<void> put_points() {
    struct Part {
      GroupKey group;
      std::uint32_t begin;
      std::uint32_t end;
    };
    // Sorted by (series, time): a stretch of one series in one span is a part.
    std::vector<Part> parts;
    const auto& raw = commit_.raw;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const std::int32_t span = span_of(Level::raw, raw[i].time);
      if (!parts.empty() && raw[parts.back().begin].series == raw[i].series && parts.back().group.span.span == span) {
        parts.back().end = static_cast<std::uint32_t>(i + 1);
        continue;
      }
      const auto metric = metric_of(raw[i].series);
      if (!metric) return fail(metric.error());
      parts.push_back({{{Level::raw, span, *metric}, commit_.partition, shard_of(raw[i].series)},
                       static_cast<std::uint32_t>(i),
                       static_cast<std::uint32_t>(i + 1)});
    }
    std::sort(parts.begin(), parts.end(),
              [](const Part& a, const Part& b) { return a.group != b.group ? a.group < b.group : a.begin < b.begin; });
    std::vector<RawPoint> points;
    for (std::size_t begin = 0; begin < parts.size();) {
      points.clear();
      std::size_t end = begin;
      for (; end < parts.size() && parts[end].group == parts[begin].group; ++end) {
        points.insert(points.end(), raw.begin() + parts[end].begin, raw.begin() + parts[end].end);
      }
      pages_.put_points(parts[begin].group, run_, points);
      groups_.insert(parts[begin].group);
      begin = end;
    }
    return {};
  }

  RocksDatabase& database_;
  const Commit& commit_;
  std::uint64_t run_;
  PageBatch pages_;
  std::unordered_map<SeriesId, MetricId> defined_;  ///< By this commit.
  std::set<GroupKey> groups_;
  std::set<HourKey> hours_;
  RowGathering gathered_;
};

std::unexpected<Error> fenced(PartitionId id, const RocksPartition& known, const Commit& commit) {
  return fail(ErrorCode::fenced, "store: partition " + std::to_string(id.value) + " is at offset " +
                                     std::to_string(known.next.value) + " of epoch " +
                                     std::to_string(known.epoch.value) + ", the commit expects " +
                                     std::to_string(commit.expected.value) + " of " +
                                     std::to_string(commit.epoch.value) + "; another owner took over");
}

}  // namespace

RocksStore::RocksStore(std::unique_ptr<RocksDatabase> database)
    : database_(std::move(database)), maintenance_(std::make_unique<Maintenance>(*database_)) {}

RocksStore::~RocksStore() = default;

Result<std::unique_ptr<RocksStore>> RocksStore::open(const std::string& path, const RocksOptions& options) {
  auto database = RocksDatabase::open(path, options);
  if (!database) return fail(database.error());
  return std::unique_ptr<RocksStore>(new RocksStore(std::move(*database)));
}

Result<PartitionState> RocksStore::claim(PartitionId id) {
  RocksPartition& known = database_->partition(id);
  const std::lock_guard lock(known.mutex);
  auto state = this->state(id);
  if (!state) return state;
  state->epoch = Epoch{state->epoch.value + 1};
  rocksdb::WriteBatch batch;
  (void)batch.Put(database_->meta(), RocksDatabase::state_key(id), encode(*state));
  if (auto written = database_->write(batch, RocksDatabase::Durability::synced, "claim a partition"); !written) {
    return fail(written.error());
  }
  known.epoch = state->epoch;
  return state;
}

Result<PartitionState> RocksStore::state(PartitionId id) {
  rocksdb::PinnableSlice bytes;
  const auto status = database_->db().Get({}, database_->meta(), RocksDatabase::state_key(id), &bytes);
  if (status.IsNotFound()) return PartitionState{};
  if (!status.ok()) return fail(error_of(status, "read the state of a partition"));
  return decode_partition_state(view_of(bytes));
}

Result<void> RocksStore::commit(const Commit& commit) {
  const std::int64_t began = steady_ms();
  RocksPartition& known = database_->partition(commit.partition);
  const std::lock_guard lock(known.mutex);
  if (known.epoch != commit.epoch || known.next != commit.expected || commit.after.epoch != commit.epoch) {
    return fenced(commit.partition, known, commit);
  }
  CommitWriter writer(*database_, commit, known.runs + 1);
  if (auto encoded = writer.encode_all(); !encoded) return encoded;
  if (auto written = database_->write(writer.batch(), RocksDatabase::Durability::synced, "commit"); !written) {
    return written;
  }
  known.next = commit.after.next;
  known.watermark = commit.after.watermark;
  ++known.runs;
  database_->learn(commit.definitions);
  maintenance_->note(writer.groups());
  ++database_->commits;
  database_->last_commit_ms = steady_ms() - began;
  if (auto shown = database_->publish(writer.changed()); !shown) {
    // It is written, but readers may not see it yet: the caller has to look.
    return fail(ErrorCode::unavailable, shown.error().message);
  }
  return {};
}

Result<void> RocksStore::definitions(FunctionRef<void(const SeriesDefinition&)> definition) {
  const std::unique_ptr<rocksdb::Iterator> at(database_->db().NewIterator({}, database_->catalog()));
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    const auto decoded = decode_catalog_row(view_of(at->key()), view_of(at->value()));
    if (!decoded) return fail(decoded.error());
    definition(*decoded);
  }
  if (!at->status().ok()) return fail(error_of(at->status(), "read the catalog"));
  return {};
}

Result<bool> RocksStore::hours_derived(Millis from, Millis to) {
  if (from >= to) return true;
  const std::unique_ptr<rocksdb::Iterator> at(database_->db().NewIterator({}, database_->hours()));
  at->Seek(encode_hour(hour_of(from)));
  if (!at->status().ok()) return fail(error_of(at->status(), "read which hours changed"));
  if (!at->Valid()) return true;
  const auto changed = decode_hour_key(view_of(at->key()));
  if (!changed) return fail(ErrorCode::corrupt, "store: the mark of an hour is not what was written");
  return changed->hour > hour_of(to - Duration{1});
}

Result<bool> RocksStore::maintain(Millis now, Millis final_until, const Retention& retention) {
  return maintenance_->slice(now, final_until, retention);
}

void RocksStore::confirm_retention() { maintenance_->confirm_retention(); }

StoreStatus RocksStore::status() {
  StoreStatus status;
  for (auto* family : database_->families()) {
    std::uint64_t bytes = 0;
    if (database_->db().GetIntProperty(family, "rocksdb.total-sst-files-size", &bytes)) status.bytes += bytes;
    // What is not in tables yet stands in the write-ahead log.
    if (database_->db().GetIntProperty(family, "rocksdb.size-all-mem-tables", &bytes)) status.bytes += bytes;
  }
  (void)database_->db().GetIntProperty(database_->index(), "rocksdb.estimate-num-keys", &status.pages);
  status.commits = database_->commits;
  status.last_commit_took = Duration{database_->last_commit_ms.load()};
  status.retention_waits = maintenance_->retention_waits();
  return status;
}

}  // namespace millrace
