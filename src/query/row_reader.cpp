#include "query/row_reader.hpp"

#include <algorithm>
#include <tuple>

namespace millrace {
namespace {

constexpr Duration minute{60'000};
constexpr Duration hour{3'600'000};
/// So far below the last closed minute live rows make the whole boundary fall; older ones are late events.
constexpr Duration boundary_slack{300'000};
/// Of a partition that holds nothing.
constexpr Millis unbounded{INT64_MAX / 4};
/// Rows after which a read is interrupted to look at the deadline.
constexpr std::int64_t rows_a_read = 2'000'000;

RowView view_of(const Row& row) {
  const Rollup& r = row.rollup;
  return {row.partition, row.series, row.bucket,   r.count,     r.sum, r.compensation, r.min, r.max,
          r.first,       r.last,     r.first_time, r.last_time, {}};
}

}  // namespace

/// One read under way.
struct RowReader::Run {
  Store& store;
  const Request& request;
  FunctionRef<bool()> expired;
  Sink sink;
  LiveIndex live;
  Outcome outcome;

  /// Late rows that lie in pieces coarser than 10 s: (partition, hour) -> their series and minutes.
  struct Late {
    std::vector<SeriesId> series;
    Millis from;
    Millis to;
    bool hours = false;  ///< The piece there is of 1 h rows.
  };
  std::map<std::pair<PartitionId, Millis>, Late> late;

  Result<void> read(const RowRequest& wanted, FunctionRef<void(const RowView&)> row) {
    RowRequest part = wanted;
    const std::int64_t buckets =
        rows_a_read / static_cast<std::int64_t>(std::max<std::size_t>(1, wanted.series.size()));
    const Duration step = std::max(hour, align_down(Millis{buckets * width(wanted.level).count()}, hour) - Millis{0});
    for (Millis at = wanted.from; at < wanted.to && !outcome.expired; at = part.to) {
      part.from = at;
      part.to = std::min(wanted.to, align_down(at, hour) + step);
      if (auto done = store.read(part, row); !done) return done;
      outcome.expired = expired();
    }
    return {};
  }

  void overlay(const RowView& row) {
    if (LiveIndex::Entry* entry = live.find(row.partition, row.series, row.bucket)) {
      if (entry->count >= row.count) return;  // comes with the live ones
      entry->superseded = true;
    }
    sink(row, nullptr);
  }

  Result<void> read_piece(const Piece& piece, std::optional<PartitionId> partition) {
    const RowRequest wanted{piece.level, request.metric,  request.series, piece.from,
                            piece.to,    request.digests, partition};
    if (piece.level == Level::ten_seconds) return read(wanted, [&](const RowView& row) { overlay(row); });
    const Duration length = width(piece.level);
    note_late(piece, partition);
    return read(wanted, [&](const RowView& row) {
      if (!live.any(row.partition, row.series, row.bucket, row.bucket + length)) sink(row, nullptr);
    });
  }

  void note_late(const Piece& piece, std::optional<PartitionId> partition) {
    if (piece.to <= live.oldest() || piece.from > live.newest()) return;
    for (const LiveIndex::Entry& entry : live.entries()) {
      const Row& row = *entry.row;
      if (row.bucket < piece.from || row.bucket >= piece.to || (partition && row.partition != *partition)) continue;
      const Millis start = align_down(row.bucket, minute);
      auto [at, fresh] = late.try_emplace({row.partition, align_down(row.bucket, hour)});
      Late& there = at->second;
      if (there.series.empty() || there.series.back() != row.series) there.series.push_back(row.series);
      there.from = fresh ? start : std::min(there.from, start);
      there.to = fresh ? start + minute : std::max(there.to, start + minute);
      there.hours = piece.level == Level::hour;
    }
  }

  /// What the coarse pieces left out: minutes of touched hours, and 10 s rows of touched minutes.
  Result<void> read_late() {
    for (const auto& [place, there] : late) {
      const auto& [partition, start] = place;
      if (there.hours) {
        const RowRequest minutes{Level::minute, request.metric,  there.series, start,
                                 start + hour,  request.digests, partition};
        auto done = read(minutes, [&](const RowView& row) {
          if (!live.any(row.partition, row.series, row.bucket, row.bucket + minute)) sink(row, nullptr);
        });
        if (!done) return done;
      }
      const RowRequest tens{Level::ten_seconds, request.metric,  there.series, there.from,
                            there.to,           request.digests, partition};
      auto done = read(tens, [&](const RowView& row) {
        const Millis touched = align_down(row.bucket, minute);
        if (live.any(row.partition, row.series, touched, touched + minute)) overlay(row);
      });
      if (!done) return done;
    }
    return {};
  }

  void emit_live() {
    for (const LiveIndex::Entry& entry : live.entries()) {
      if (!entry.superseded) sink(view_of(*entry.row), &entry.row->rollup.digest);
    }
  }
};

Millis RowReader::committed_minutes(const PartitionStatus& status) {
  {
    const std::scoped_lock lock(mutex_);
    const auto known = committed_.find(status.partition);
    if (known != committed_.end() && known->second.next == status.committed) return known->second.minutes_until;
  }
  const auto state = store_.state(status.partition);
  if (!state) return Millis::never();
  // A partition that holds nothing holds nobody back.
  const bool empty = state->newest_event <= Millis::never();
  const Millis until = empty ? unbounded : align_down(state->watermark, minute);
  const std::scoped_lock lock(mutex_);
  committed_[status.partition] = {state->next, until};
  return until;
}

std::vector<RowReader::Pass> RowReader::passes(const std::vector<PartitionStatus>& status, const LiveIndex& live) {
  std::vector<Pass> each;
  for (const PartitionStatus& partition : status) {
    each.push_back({partition.partition, committed_minutes(partition)});
  }
  for (const LiveIndex::Entry& entry : live.entries()) {
    const Row& row = *entry.row;
    for (Pass& pass : each) {
      const bool near = pass.minutes_until == unbounded || row.bucket >= pass.minutes_until - boundary_slack;
      if (pass.partition == row.partition && near) {
        pass.minutes_until = std::min(pass.minutes_until, align_down(row.bucket, minute));
      }
    }
  }
  if (each.empty()) return {{std::nullopt, Millis::never()}};
  Millis low = unbounded;
  Millis high = Millis::never();
  for (const Pass& pass : each) {
    low = std::min(low, pass.minutes_until);
    if (pass.minutes_until != unbounded) high = std::max(high, pass.minutes_until);
  }
  // Partitions that are about equally far are read together; one that has lain silent for long is read by itself.
  if (high - low <= boundary_slack) return {{std::nullopt, low}};
  return each;
}

Result<RowReader::Outcome> RowReader::read(const Request& request, FunctionRef<bool()> expired, Sink sink) {
  const auto status = request.level == Level::ten_seconds ? std::vector<PartitionStatus>{} : engine_.status();
  Run run{store_, request, expired, sink, {}, {}, {}};
  LiveRequest wanted{
      Level::ten_seconds, {request.series.begin(), request.series.end()}, request.from, request.to, request.digests};
  if (auto live = engine_.live(wanted, request.live_timeout)) {
    run.live = LiveIndex(std::move(live->rows));
  } else {
    run.outcome.live_missing = true;
  }
  for (const Pass& pass : passes(status, run.live)) {
    const auto hours = [&](Millis from, Millis to) {
      const auto derived = store_.hours_derived(from, to);
      return derived && *derived;
    };
    for (const Piece& piece : split(request.from, request.to, request.level, pass.minutes_until, hours)) {
      if (auto done = run.read_piece(piece, pass.partition); !done) return fail(done.error());
      if (piece.level == Level::hour && !hours(piece.from, piece.to)) run.outcome.again = true;
      if (run.outcome.again || run.outcome.expired) return run.outcome;
    }
  }
  if (auto done = run.read_late(); !done) return fail(done.error());
  run.emit_live();
  return run.outcome;
}

}  // namespace millrace
