#include "store/rocks_database.hpp"

#include "base/bytes.hpp"
#include "store/slice_view.hpp"
#include "store/store_format.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace millrace {
namespace {

constexpr std::uint32_t unknown_metric = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint8_t state_version = 1;
constexpr std::size_t most_log_bytes = 64U << 20;

rocksdb::ColumnFamilyOptions family_options(const std::shared_ptr<rocksdb::Cache>& cache, std::size_t buffer,
                                            std::size_t block) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = block;
  table.format_version = 5;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = buffer;
  options.max_write_buffer_number = 3;
  options.compression = rocksdb::kNoCompression;
  options.level_compaction_dynamic_level_bytes = true;
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> describe_families(const RocksOptions& options) {
  const auto cache = rocksdb::NewLRUCache(options.cache_bytes);
  const std::size_t small = std::max<std::size_t>(options.write_buffer_bytes / 8, 1U << 20);
  const std::size_t half = std::max<std::size_t>(options.write_buffer_bytes / 2, 1U << 20);
  auto catalog = family_options(cache, small, 16U << 10);
  catalog.compression = rocksdb::kLZ4Compression;
  auto pages = family_options(cache, half, 16U << 10);
  auto digests = family_options(cache, half, 32U << 10);
  // Centroids of larger rows are doubles with room in them; packed columns have none left. Only where pages stay: most
  // of those in the levels above are merged away soon.
  digests.bottommost_compression = rocksdb::kZSTD;
  digests.bottommost_compression_opts.enabled = true;
  digests.bottommost_compression_opts.level = 1;
  return {{rocksdb::kDefaultColumnFamilyName, family_options(cache, small, 4U << 10)},
          {"catalog", catalog},
          {"documents", family_options(cache, small, 16U << 10)},
          {"hours", family_options(cache, small, 4U << 10)},
          {"index", family_options(cache, small, 8U << 10)},
          {"pages", pages},
          {"digests", digests}};
}

rocksdb::DBOptions database_options() {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_total_wal_size = most_log_bytes;
  options.max_background_jobs = 2;
  options.max_open_files = 512;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.keep_log_file_num = 2;
  options.max_log_file_size = 4U << 20;
  // A torn tail of the log is what a loss of power leaves; anything else in it is an error.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  return options;
}

}  // namespace

Error error_of(const rocksdb::Status& status, std::string_view doing) {
  std::string message = "store: can't " + std::string(doing) + ": ";
  // No more of the status than its kind: its text names paths of the machine.
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kSpaceLimit) {
    return {ErrorCode::no_space, message + "the disk is full; free some space, it goes on by itself"};
  }
  if (status.IsCorruption()) {
    return {ErrorCode::corrupt, message + "stored bytes are not what was written; restore a backup of the data folder"};
  }
  if (status.IsNotFound()) return {ErrorCode::not_found, message + "it is not there"};
  if (status.IsShutdownInProgress() || status.IsTimedOut() || status.IsBusy() || status.IsTryAgain()) {
    return {ErrorCode::unavailable, message + "the database is busy or closing"};
  }
  return {ErrorCode::io, message + "the operating system refused a read or write; see the LOG file in the data folder"};
}

std::string encode(const PartitionState& state) {
  std::string out;
  ByteWriter writer(out);
  writer.fixed(state_version);
  writer.fixed(state.epoch.value);
  writer.fixed(state.next.value);
  writer.fixed(state.watermark.value);
  writer.fixed(state.newest_event.value);
  writer.fixed(state.newest_arrival.value);
  writer.string(state.producers);
  return out;
}

Result<PartitionState> decode_partition_state(std::string_view bytes) {
  ByteReader reader(bytes);
  PartitionState state;
  const auto version = reader.fixed<std::uint8_t>();
  state.epoch = Epoch{reader.fixed<std::uint64_t>()};
  state.next = Offset{reader.fixed<std::uint64_t>()};
  state.watermark = Millis{reader.fixed<std::int64_t>()};
  state.newest_event = Millis{reader.fixed<std::int64_t>()};
  state.newest_arrival = Millis{reader.fixed<std::int64_t>()};
  state.producers = std::string(reader.string());
  if (!reader.ok() || reader.left() != 0 || version != state_version) {
    return fail(ErrorCode::corrupt, "store: the state of a partition is not what was written");
  }
  return state;
}

Result<std::unique_ptr<RocksDatabase>> RocksDatabase::open(const std::string& path, const RocksOptions& options) {
  if (auto agreed = agree_on_format(path, options); !agreed) return fail(agreed.error());
  std::unique_ptr<RocksDatabase> database(new RocksDatabase);
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(database_options(), database_folder(path), describe_families(options),
                                        &database->families_, &db);
  if (!status.ok()) {
    if (status.IsIOError() && status.ToString().find("lock") != std::string::npos) {
      return fail(ErrorCode::unavailable, "store: another process has this data folder open; stop it first");
    }
    return fail(error_of(status, "open the database"));
  }
  database->db_.reset(db);
  database->compression_ = options.compression;
  if (auto loaded = database->load(); !loaded) return fail(loaded.error());
  return database;
}

RocksDatabase::~RocksDatabase() {
  view_.reset();
  for (auto* family : families_) (void)db_->DestroyColumnFamilyHandle(family);
  // A clean end leaves nothing in the log to be read again at the next start.
  if (db_) (void)db_->Close();
}

Result<void> RocksDatabase::load() {
  auto first = std::make_shared<PageView>(*db_, index());
  if (auto spans = first->load_spans(); !spans) return spans;
  view_ = std::move(first);
  if (auto loaded = load_partitions(); !loaded) return loaded;
  return load_metrics();
}

std::string RocksDatabase::state_key(PartitionId id) { return "state/" + std::to_string(id.value); }
std::string RocksDatabase::runs_key(PartitionId id) { return "runs/" + std::to_string(id.value); }

std::string RocksDatabase::encode_runs(std::uint64_t runs) {
  std::string out;
  ByteWriter(out).fixed(runs);
  return out;
}

Result<void> RocksDatabase::load_partitions() {
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}, meta()));
  for (at->Seek("state/"); at->Valid() && at->key().starts_with("state/"); at->Next()) {
    auto state = decode_partition_state(view_of(at->value()));
    if (!state) return fail(state.error());
    const int number = std::atoi(at->key().ToString().c_str() + 6);
    const PartitionId id{static_cast<std::uint16_t>(number)};
    RocksPartition& known = partition(id);
    known.epoch = state->epoch;
    known.next = state->next;
    known.watermark = state->watermark;
    std::string runs;
    const auto status = db_->Get({}, meta(), runs_key(id), &runs);
    if (status.IsNotFound()) continue;
    if (!status.ok()) return fail(error_of(status, "read a partition"));
    ByteReader reader(runs);
    known.runs = reader.fixed<std::uint64_t>();
    if (!reader.ok()) return fail(ErrorCode::corrupt, "store: the runs of a partition are not what was written");
  }
  if (!at->status().ok()) return fail(error_of(at->status(), "read the partitions"));
  return {};
}

Result<void> RocksDatabase::load_metrics() {
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}, catalog()));
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    const auto series = series_of_catalog_key(view_of(at->key()));
    const auto metric = metric_of_catalog_row(view_of(at->value()));
    if (!series || !metric) return fail(ErrorCode::corrupt, "store: a row of the catalog is not what was written");
    if (metrics_.size() <= series->value) metrics_.resize(series->value + 1, unknown_metric);
    metrics_[series->value] = metric->value;
  }
  if (!at->status().ok()) return fail(error_of(at->status(), "read the catalog"));
  return {};
}

RocksPartition& RocksDatabase::partition(PartitionId id) {
  const std::lock_guard lock(partitions_mutex_);
  auto& known = partitions_[id];
  if (!known) known = std::make_unique<RocksPartition>();
  return *known;
}

Millis RocksDatabase::watermark(PartitionId id) {
  RocksPartition& known = partition(id);
  const std::lock_guard lock(known.mutex);
  return known.watermark;
}

Result<void> RocksDatabase::write(rocksdb::WriteBatch& batch, Durability durability, std::string_view doing) {
  if (failed_.load()) {
    const auto resumed = db_->Resume();
    if (!resumed.ok()) return fail(error_of(resumed, doing));
    failed_.store(false);
  }
  rocksdb::WriteOptions options;
  options.sync = durability == Durability::synced;
  const auto status = db_->Write(options, &batch);
  if (status.ok()) return {};
  failed_.store(true);
  return fail(error_of(status, doing));
}

std::shared_ptr<PageView> RocksDatabase::view() {
  const std::lock_guard lock(view_mutex_);
  return view_;
}

void RocksDatabase::show(std::shared_ptr<PageView> view) {
  // The old view, and with it its snapshot, goes outside of the lock.
  const std::lock_guard lock(view_mutex_);
  view_.swap(view);
}

Result<void> RocksDatabase::publish_locked(std::span<const SpanKey> changed) {
  auto next = view()->next(changed);
  if (!next) return fail(next.error());
  show(std::move(*next));
  return {};
}

Result<void> RocksDatabase::publish(std::span<const SpanKey> changed) {
  const std::lock_guard lock(publish_mutex_);
  return publish_locked(changed);
}

Result<void> RocksDatabase::replace_pages(rocksdb::WriteBatch& batch, const SpanKey& changed) {
  const std::lock_guard lock(publish_mutex_);
  if (auto written = write(batch, Durability::unsynced, "merge pages"); !written) return written;
  return publish_locked({&changed, 1});
}

Result<void> RocksDatabase::drop_pages(rocksdb::WriteBatch& batch) {
  const std::lock_guard lock(publish_mutex_);
  if (auto written = write(batch, Durability::synced, "drop old pages"); !written) return written;
  auto fresh = std::make_shared<PageView>(*db_, index());
  if (auto loaded = fresh->load_spans(); !loaded) return loaded;
  show(std::move(fresh));
  return {};
}

std::optional<MetricId> RocksDatabase::metric_of(SeriesId series) {
  const std::shared_lock lock(metrics_mutex_);
  if (series.value >= metrics_.size() || metrics_[series.value] == unknown_metric) return std::nullopt;
  return MetricId{metrics_[series.value]};
}

void RocksDatabase::learn(std::span<const SeriesDefinition> definitions) {
  if (definitions.empty()) return;
  const std::lock_guard lock(metrics_mutex_);
  for (const SeriesDefinition& definition : definitions) {
    if (metrics_.size() <= definition.id.value) {
      metrics_.resize(std::max<std::size_t>(definition.id.value + 1, metrics_.size() * 5 / 4), unknown_metric);
    }
    metrics_[definition.id.value] = definition.metric.value;
  }
}

}  // namespace millrace
