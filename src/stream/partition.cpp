#include "stream/partition.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace millrace {
namespace {

constexpr Duration hour_width = width(Level::hour);
/// Between two commits that closed minutes ask for: a replay closes many a second.
constexpr Duration least_pause{1'000};
/// What an event (raw) and a row (with digest) come to in memory, about.
constexpr std::uint64_t row_bytes = 400;

}  // namespace

Partition::Partition(PartitionId id, const EngineOptions& options, const Catalog& catalog, Store& store,
                     const PartitionState& claimed, ProducerMemory producers, Duration steady)
    : id_(id),
      options_(options),
      catalog_(catalog),
      store_(store),
      epoch_(claimed.epoch),
      next_(claimed.next),
      committed_(claimed.next),
      producers_(std::move(producers)),
      producers_bytes_(claimed.producers),
      watermark_(options.out_of_orderness, options.idle_after),
      rows_(id, options.compression, catalog),
      last_freeze_(steady) {
  watermark_.restore(claimed.watermark, claimed.newest_event, claimed.newest_arrival, steady);
  if (claimed.newest_event > Millis::never()) {
    rows_.expect_stored_up_to(align_down(claimed.newest_event, bucket_width), claimed.watermark);
  }
}

Result<Partition::Folded> Partition::fold(Offset offset, std::shared_ptr<const Section> section, Millis arrival,
                                          std::string_view producer, std::uint64_t sequence, Duration steady) {
  if (offset < next_) return Folded{};
  if (auto loaded = load_missing(*section); !loaded) return fail(std::move(loaded.error()));

  Folded folded;
  const std::size_t size = section->size();
  const SeriesId* const series = section->series.data();
  const Millis* const time = section->time.data();
  const double* const value = section->value.data();
  const Millis final_before = align_down(watermark_.value(), bucket_width);
  Millis bucket = Millis::never();  // of the event before: [bucket, bucket_end)
  Millis bucket_end = Millis::never();
  Millis newest = Millis::never();
  Span touched;
  // A group of rows is looked up and asked for from memory before any is written to; none moves until the next freeze.
  constexpr std::size_t group = 16;
  std::array<Rollup*, group> own{};
  std::array<Rollup*, group> total{};
  for (std::size_t begin = 0; begin < size; begin += group) {
    const std::size_t end = std::min(size, begin + group);
    for (std::size_t i = begin; i < end; ++i) {
      const Millis at = time[i];
      if (at >= bucket_end || at < bucket) {
        bucket = align_down(at, bucket_width);
        bucket_end = bucket + bucket_width;
        touched.low = std::min(touched.low, bucket);
        touched.high = std::max(touched.high, bucket);
      }
      folded.late += at < final_before ? 1 : 0;
      newest = std::max(newest, at);
      Rollup& row = rows_.writable(series[i], bucket);
      __builtin_prefetch(&row, 1);
      __builtin_prefetch(&row.digest, 1);
      own[i - begin] = &row;
      total[i - begin] = &rows_.writable(rows_.total_of(series[i]), bucket);
    }
    for (std::size_t i = begin; i < end; ++i) {
      own[i - begin]->add(value[i], time[i]);
      total[i - begin]->add(value[i], time[i]);
    }
  }
  folded.events = size;
  touched_.low = std::min(touched_.low, touched.low);
  touched_.high = std::max(touched_.high, touched.high);
  raw_.push_back({offset, std::move(section)});
  raw_events_ += size;
  if (!producer.empty()) {
    producers_.note(producer, sequence);
    producers_changed_ = true;
  }
  watermark_.observe(newest, arrival, steady);
  next_ = Offset{offset.value + 1};
  return folded;
}

Result<void> Partition::load_missing(const Section& section) {
  const Millis stored_end = rows_.stored_end();
  if (stored_end == Millis::never()) return {};
  std::vector<Key> keys;
  for (std::size_t i = 0; i < section.size(); ++i) {
    if (section.time[i] >= stored_end) continue;
    const Millis bucket = align_down(section.time[i], bucket_width);
    if (!rows_.maybe_stored(bucket)) continue;
    for (const SeriesId series : {section.series[i], rows_.total_of(section.series[i])}) {
      if (rows_.contains(series, bucket)) continue;
      keys.push_back({catalog_.at(series).metric, align_down(bucket, hour_width), series, bucket});
    }
  }
  return keys.empty() ? Result<void>{} : load_keys(std::move(keys));
}

Result<void> Partition::load(std::span<const SeriesId> series, Millis from, Millis to) {
  std::vector<Key> keys;
  for (Millis bucket = from; bucket < to; bucket = bucket + bucket_width) {
    if (!rows_.maybe_stored(bucket)) continue;
    for (const SeriesId id : series) {
      if (rows_.contains(id, bucket)) continue;
      keys.push_back({catalog_.at(id).metric, align_down(bucket, hour_width), id, bucket});
    }
  }
  return keys.empty() ? Result<void>{} : load_keys(std::move(keys));
}

/// One read for each (metric, hour); rows that were not asked for are passed over.
Result<void> Partition::load_keys(std::vector<Key> keys) {
  std::ranges::sort(keys);
  keys.erase(std::ranges::unique(keys).begin(), keys.end());
  for (std::size_t begin = 0, end = 0; begin < keys.size(); begin = end) {
    const auto same = [&](const Key& key) { return key.metric == keys[begin].metric && key.hour == keys[begin].hour; };
    std::vector<SeriesId> series;
    Millis low = keys[begin].bucket;
    Millis high = low;
    for (; end < keys.size() && same(keys[end]); ++end) {
      if (series.empty() || series.back() != keys[end].series) series.push_back(keys[end].series);
      low = std::min(low, keys[end].bucket);
      high = std::max(high, keys[end].bucket);
    }
    std::optional<Error> error;
    const RowRequest request{Level::ten_seconds, keys[begin].metric, series, low, high + bucket_width, true, id_};
    auto read = store_.read(request, [&](const RowView& view) {
      const Key key{keys[begin].metric, keys[begin].hour, view.series, view.bucket};
      if (!std::binary_search(keys.begin() + static_cast<std::ptrdiff_t>(begin),
                              keys.begin() + static_cast<std::ptrdiff_t>(end), key)) {
        return;
      }
      auto row = view.materialize();
      if (!row) {
        error = std::move(row.error());
        return;
      }
      rows_.put_stored(std::move(*row));
      ++loaded_;
    });
    if (!read) return fail(std::move(read.error()));
    if (error) return fail(std::move(*error));
  }
  return {};
}

bool Partition::evict(Duration steady) {
  while (!leaving_.empty() && leaving_.front().at <= steady) {
    evicting_ = leaving_.front().round;
    leaving_.pop_front();
    rows_.forget_slots(evicting_);
    evicting_now_ = true;
  }
  if (evicting_now_) evicting_now_ = rows_.evict(evicting_, watermark_.value(), garbage_);
  return evicting_now_;
}

LiveRows Partition::live(const LiveRequest& request) {
  LiveRows out;
  out.raw_from.push_back(committed_);
  if (request.level == Level::ten_seconds) out.rows = rows_.share(request.series, request.from, request.to);
  if (request.level != Level::raw) return out;
  const auto take = [&](const std::vector<RawChunk>& chunks) {
    for (const RawChunk& chunk : chunks) {
      const Section& events = *chunk.events;
      for (std::size_t i = 0; i < events.size(); ++i) {
        if (events.time[i] < request.from || events.time[i] >= request.to) continue;
        if (!std::ranges::binary_search(request.series, events.series[i])) continue;
        out.raw.push_back({events.series[i], events.time[i], events.value[i]});
      }
    }
  };
  if (committing_) take(frozen_->raw);
  take(raw_);
  return out;
}

bool Partition::dirty() const {
  const Offset frozen = committing_ ? frozen_->after.next : committed_;
  return next_ != frozen || rows_.minute_due(watermark_.value());
}

bool Partition::commit_due(Duration steady) const {
  if (!dirty()) return false;
  const Duration since = steady - last_freeze_;
  if (since >= options_.commit_interval) return true;
  if (over_limit()) return true;
  return since >= std::min(least_pause, options_.commit_interval) && rows_.minute_due(watermark_.value());
}

bool Partition::over_limit() const {
  return raw_events_ >= options_.commit_events ||
         raw_events_ * event_bytes + rows_.dirty() * row_bytes >= options_.commit_bytes;
}

bool Partition::full() const { return committing_ && over_limit(); }

std::shared_ptr<const Frozen> Partition::freeze(std::uint32_t defined, Duration steady) {
  if (producers_changed_) producers_bytes_ = producers_.encode();
  producers_changed_ = false;
  auto frozen = std::make_shared<Frozen>();
  frozen->partition = id_;
  frozen->epoch = epoch_;
  frozen->expected = committed_;
  frozen->after = {epoch_,          next_, watermark_.value(), watermark_.newest_event(), watermark_.newest_arrival(),
                   producers_bytes_};
  frozen->rows = rows_.freeze(watermark_.value());
  frozen->raw = std::exchange(raw_, {});
  frozen->define_from = defined;
  frozen->define_until = catalog_.size();
  frozen->compression = options_.compression;
  raw_events_ = 0;
  last_freeze_ = steady;
  committing_ = true;
  frozen_ = frozen;
  return frozen;
}

std::shared_ptr<const Frozen> Partition::on_committed(Duration steady) {
  committing_ = false;
  committed_ = frozen_->after.next;
  rows_.committed(frozen_->rows.round);
  leaving_.push_back({frozen_->rows.round, steady + options_.keep_after_commit});
  return std::exchange(frozen_, nullptr);
}

}  // namespace millrace
