#pragma once

#include "store/store.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace millrace {

/// A Store in memory, for tests of what stands above the seam: as little code as the contract allows, so that it is
/// right at a glance. Faults are set by hand: the next commits fail, before or after they took effect.
class MemoryStore final : public Store {
 public:
  /// The next `times` commits answer `error`; with `applied` they have taken effect all the same (a lost connection).
  void fail_commits(int times, ErrorCode error, bool applied = false) {
    const std::lock_guard lock(mutex_);
    failures_ = times;
    failure_ = error;
    applied_ = applied;
  }
  /// The next `times` reads answer `error`.
  void fail_reads(int times, ErrorCode error) {
    const std::lock_guard lock(mutex_);
    read_failures_ = times;
    read_failure_ = error;
  }
  [[nodiscard]] std::uint64_t reads() const { return reads_; }

  Result<PartitionState> claim(PartitionId partition) override {
    const std::lock_guard lock(mutex_);
    PartitionState& state = states_[partition];
    ++state.epoch.value;
    return state;
  }

  Result<void> commit(const Commit& commit) override {
    const std::lock_guard lock(mutex_);
    const bool fails = failures_ > 0;
    if (fails) --failures_;
    if (fails && !applied_) return fail(failure_, "the test wants it");
    PartitionState& state = states_[commit.partition];
    if (state.epoch != commit.epoch || state.next != commit.expected) {
      return fail(ErrorCode::fenced, "another owner has partition " + std::to_string(commit.partition.value));
    }
    state = commit.after;
    ++commits_;
    for (const auto& row : commit.rows) put(Level::ten_seconds, *row);
    for (const auto& row : commit.minutes) {
      put(Level::minute, *row);
      derived_.erase(align_down(row->bucket, width(Level::hour)));
    }
    for (const RawPoint& point : commit.raw) raw_[{point.series, commit.partition, point.time}].push_back(point);
    for (const SeriesDefinition& definition : commit.definitions)
      definitions_.insert_or_assign(definition.id, definition);
    if (fails) return fail(failure_, "the test wants it");
    return {};
  }

  Result<PartitionState> state(PartitionId partition) override {
    const std::lock_guard lock(mutex_);
    return states_[partition];
  }

  Result<void> read(const RowRequest& request, FunctionRef<void(const RowView&)> row) override {
    const std::lock_guard lock(mutex_);
    ++reads_;
    if (read_failures_ > 0) {
      --read_failures_;
      return fail(read_failure_, "the test wants it");
    }
    std::map<std::tuple<PartitionId, SeriesId, Millis>, const Row*> found;
    for (const SeriesId series : request.series) {
      for (auto at = rows_.lower_bound({request.level, series, request.from, PartitionId{0}}); at != rows_.end();
           ++at) {
        const auto& [level, id, bucket, partition] = at->first;
        if (level != request.level || id != series || bucket >= request.to) break;
        if (!request.partition || *request.partition == partition) found[{partition, series, bucket}] = &at->second;
      }
    }
    for (const auto& [key, one] : found) {
      const Rollup& r = one->rollup;
      std::string digest;
      if (request.digests) r.digest.encode(digest);
      row(RowView{one->partition, one->series, one->bucket, r.count, r.sum, r.compensation, r.min, r.max, r.first,
                  r.last, r.first_time, r.last_time, digest});
    }
    return {};
  }

  Result<void> read_raw(const RawRequest& request, FunctionRef<void(PartitionId, const RawPoint&)> point) override {
    const std::lock_guard lock(mutex_);
    for (const SeriesId series : request.series) {
      for (const auto& [key, points] : raw_) {
        const auto& [id, partition, time] = key;
        if (id != series || time < request.from || time >= request.to) continue;
        for (const RawPoint& one : points) point(partition, one);
      }
    }
    return {};
  }

  Result<bool> hours_derived(Millis from, Millis to) override {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, row] : rows_) {
      if (std::get<Level>(key) != Level::minute || row.bucket < from || row.bucket >= to) continue;
      if (!derived_.contains(align_down(row.bucket, width(Level::hour)))) return false;
    }
    return true;
  }

  Result<void> definitions(FunctionRef<void(const SeriesDefinition&)> definition) override {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, one] : definitions_) definition(one);
    return {};
  }

  Result<bool> maintain(Millis now, Millis final_until, const Retention& retention) override {
    const std::lock_guard lock(mutex_);
    std::map<std::tuple<Level, SeriesId, Millis, PartitionId>, Row> hours;
    std::set<Millis> derived;
    for (const auto& [key, row] : rows_) {
      const Millis hour = align_down(row.bucket, width(Level::hour));
      if (std::get<Level>(key) != Level::minute || hour + width(Level::hour) > final_until) continue;
      if (derived_.contains(hour)) continue;
      derived.insert(hour);
      Row& whole = hours
                       .try_emplace({Level::hour, row.series, hour, row.partition},
                                    Row{row.partition, row.series, hour, Rollup(row.rollup.digest.compression())})
                       .first->second;
      whole.rollup.merge(row.rollup);
    }
    for (auto& [key, row] : hours) rows_.insert_or_assign(key, std::move(row));
    derived_.merge(derived);
    std::erase_if(rows_, [&](const auto& one) {
      const Level level = std::get<Level>(one.first);
      const Duration keep = level == Level::ten_seconds ? retention.ten_seconds
                            : level == Level::minute    ? retention.minute
                                                        : retention.hour;
      return one.second.bucket + width(level) <= now - keep;
    });
    std::erase_if(raw_, [&](const auto& one) { return std::get<Millis>(one.first) < now - retention.raw; });
    return false;
  }

  StoreStatus status() override {
    const std::lock_guard lock(mutex_);
    StoreStatus status;
    status.commits = commits_;
    return status;
  }

  /// All rows of a level, by (series, bucket, partition).
  [[nodiscard]] std::vector<Row> all(Level level) const {
    const std::lock_guard lock(mutex_);
    std::vector<Row> out;
    for (const auto& [key, row] : rows_) {
      if (std::get<0>(key) == level) out.push_back(row);
    }
    return out;
  }

 private:
  void put(Level level, const Row& row) { rows_.insert_or_assign({level, row.series, row.bucket, row.partition}, row); }

  mutable std::mutex mutex_;
  std::map<PartitionId, PartitionState> states_;
  std::map<std::tuple<Level, SeriesId, Millis, PartitionId>, Row> rows_;
  std::map<std::tuple<SeriesId, PartitionId, Millis>, std::vector<RawPoint>> raw_;
  std::map<SeriesId, SeriesDefinition> definitions_;
  std::set<Millis> derived_;  ///< Hours whose 1 h rows stand.
  std::uint64_t commits_ = 0;
  std::uint64_t reads_ = 0;
  int failures_ = 0;
  ErrorCode failure_ = ErrorCode::unavailable;
  bool applied_ = false;
  int read_failures_ = 0;
  ErrorCode read_failure_ = ErrorCode::unavailable;
};

}  // namespace millrace
