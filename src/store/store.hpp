#pragma once

#include "base/function_ref.hpp"
#include "base/result.hpp"
#include "base/types.hpp"
#include "model/event_batch.hpp"
#include "model/rollup.hpp"
#include "model/series.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// What the store says of a partition: where its owner goes on.
struct PartitionState {
  Epoch epoch;  ///< The owner that may commit now.
  Offset next;  ///< First offset that is not in the rows.
  Millis watermark = Millis::never();
  Millis newest_event = Millis::never();
  Millis newest_arrival = Millis::never();
  std::string producers;  ///< ProducerMemory bytes at `next`.
};

/// A raw point where it is kept.
struct RawPoint {
  SeriesId series;
  Millis time;
  double value;

  friend bool operator==(const RawPoint&, const RawPoint&) = default;
};

/// Everything that changes at once: rows, raw points, definitions, offset. Whole or absent.
struct Commit {
  PartitionId partition;
  Epoch epoch;           ///< Of the committing owner.
  Offset expected;       ///< `next` of the commit before; another value in the store means fenced.
  PartitionState after;  ///< State as of this commit; after.epoch == epoch.
  std::vector<std::shared_ptr<const Row>> rows;     ///< 10 s rows, whole, unordered.
  std::vector<std::shared_ptr<const Row>> minutes;  ///< 1 m rows, whole, unordered.
  std::vector<RawPoint> raw;  ///< Sorted by (series, time), equal times in accepted order; new points only.
  std::vector<SeriesDefinition> definitions;  ///< Of series that may not be stored yet; writing one again is fine.
};

/// A stored row as a reader meets it; valid during the call only.
struct RowView {
  PartitionId partition;
  SeriesId series;
  Millis bucket;
  std::uint64_t count;
  double sum;
  double compensation;
  double min;
  double max;
  double first;
  double last;
  Millis first_time;
  Millis last_time;
  std::string_view digest;  ///< Digest bytes; empty if the request did not ask for digests.

  /// A copy of its own, digest decoded (empty digest if there are no bytes).
  [[nodiscard]] Result<Row> materialize() const;
};

/// Which rows. Buckets with start in [from, to), to exclusive.
struct RowRequest {
  Level level = Level::ten_seconds;
  MetricId metric;
  std::span<const SeriesId> series;  ///< Ascending; all of one metric.
  Millis from;
  Millis to;
  bool digests = false;
  std::optional<PartitionId> partition;  ///< Absent: all.
};

/// Raw points of `series` with time in [from, to).
struct RawRequest {
  MetricId metric;
  std::span<const SeriesId> series;
  Millis from;
  Millis to;
};

/// How long what is kept.
struct Retention {
  Duration raw{7LL * 24 * 3'600'000};
  Duration ten_seconds{7LL * 24 * 3'600'000};
  Duration minute{90LL * 24 * 3'600'000};
  Duration hour{5LL * 365 * 24 * 3'600'000};
};

/// Figures for the status page.
struct StoreStatus {
  std::uint64_t bytes = 0;    ///< On disk.
  std::uint64_t pages = 0;    ///< About.
  std::uint64_t commits = 0;  ///< Since it was opened.
  Duration last_commit_took{0};
  bool retention_waits = false;  ///< More than a day of data would go at once: it stays until confirm_retention().
};

/// Rollups and raw points; one commit is atomic: rows and the log offset that they stand for.
///
/// Contract: after a commit returned ok, readers see it whole and it survives a loss of power; if it failed it is
/// absent, except for `unavailable` (a lost connection), after which the caller reads the state again. The newest
/// commit's row wins for a (partition, level, series, bucket). 1 h rows are derived from 1 m rows by maintain()
/// for hours below every watermark; `hours_derived` says where they may be read. Safe from any thread; commits of one
/// partition are never concurrent. Errors: `fenced`, `no_space`, `io`, `corrupt`, `unavailable`.
class Store {
 public:
  virtual ~Store() = default;

  /// Becomes the owner: raises the epoch and answers the state to go on from.
  virtual Result<PartitionState> claim(PartitionId partition) = 0;
  virtual Result<void> commit(const Commit& commit) = 0;
  [[nodiscard]] virtual Result<PartitionState> state(PartitionId partition) = 0;

  /// Calls for each row, ascending by (series, bucket) within a partition; each (partition, series, bucket) once.
  virtual Result<void> read(const RowRequest& request, FunctionRef<void(const RowView&)> row) = 0;
  /// Calls for each point, ascending by time within a (partition, series), equal times in accepted order.
  virtual Result<void> read_raw(const RawRequest& request, FunctionRef<void(PartitionId, const RawPoint&)> point) = 0;
  /// True if 1 h rows stand for every hour in [from, to) that has 1 m rows.
  [[nodiscard]] virtual Result<bool> hours_derived(Millis from, Millis to) = 0;

  /// All series definitions, ascending by id.
  virtual Result<void> definitions(FunctionRef<void(const SeriesDefinition&)> definition) = 0;

  /// One slice of background work (merging pages, deriving hours, dropping what retention lets go); true if
  /// there is more. `final_until` = lowest watermark over all partitions. `now` = the low-water mark
  /// min(clock, newest committed arrival), so that a jumping clock deletes nothing.
  virtual Result<bool> maintain(Millis now, Millis final_until, const Retention& retention) = 0;

  /// An administrator's word that what status().retention_waits speaks of may go: the next maintain() drops it.
  /// Does nothing where the store never waits.
  virtual void confirm_retention() {}

  [[nodiscard]] virtual StoreStatus status() = 0;
};

}  // namespace millrace
