#pragma once

#include "base/clock.hpp"
#include "base/function_ref.hpp"
#include "base/metrics.hpp"
#include "base/result.hpp"
#include "base/types.hpp"
#include "bus/bus.hpp"
#include "catalog/catalog.hpp"
#include "log/log.hpp"
#include "model/producer_memory.hpp"
#include "model/rollup.hpp"
#include "store/store.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace millrace {

/// How the engine folds. Defaults are those of the configuration.
struct EngineOptions {
  Duration out_of_orderness{2'000};
  Duration idle_after{5'000};
  Duration commit_interval{60'000};
  std::uint64_t commit_events = 2'000'000;   ///< A partition.
  std::uint64_t commit_bytes = 64ULL << 20;  ///< A partition.
  std::uint64_t queue_bytes = 64ULL << 20;   ///< A partition.
  Duration keep_after_commit{30'000};        ///< Rows stay live so long after their commit.
  Duration tick{100};                        ///< Between two updates of a watched topic.
  double compression = Digest::default_compression;
};

/// A partition as status, freshness and metrics see it. All from memory.
struct PartitionStatus {
  PartitionId partition;
  Offset folded;  ///< One past the last folded offset.
  Offset committed;
  Millis watermark = Millis::never();
  Millis newest_event = Millis::never();
  std::optional<Millis> oldest_waiting;  ///< Arrival of the oldest durable batch not folded yet.
  Duration heartbeat_age{0};             ///< Since its thread last turned round.
  std::uint64_t queue_bytes = 0;
  std::uint64_t queue_limit = 0;
  std::uint64_t events = 0;       ///< Folded since the process started.
  std::uint64_t late_events = 0;  ///< Of them, later than their bucket's end.
  std::uint64_t open_rows = 0;
  Duration last_commit_age{0};
  bool halted = false;  ///< Stopped for good: another owner has taken over.
  std::string error;    ///< Why it is halted, or what is being retried; empty if all is well.
};

/// Live rows of a partition: what the store may not hold yet. See RowRequest for the meaning of the fields.
struct LiveRequest {
  Level level = Level::ten_seconds;  ///< ten_seconds, or raw.
  std::vector<SeriesId> series;      ///< Ascending. Totals are series too.
  Millis from;
  Millis to;
  bool digests = false;
};
/// Answer to a LiveRequest.
struct LiveRows {
  std::vector<std::shared_ptr<const Row>> rows;  ///< Over all partitions; immutable copies.
  std::vector<RawPoint> raw;                     ///< Points at or after `raw_from`, in accepted order within a series.
  std::vector<Offset> raw_from;                  ///< By partition: what is below is in the store. A reader takes live
                                                 ///< points, then stored ones, then Store::state: if `next` is still
                                                 ///< raw_from, nothing is missing or double; else it reads again.
};

/// The stream engine: a thread for each partition that folds batches into rollups, commits them with their offset and
/// publishes what is watched.
///
/// Contract: rows returned by live() are at least as new as any commit that store readers saw before the call, for the
/// rows it still holds; for each (partition, series, bucket) the row with the higher count is the newer. Errors of
/// live(): `deadline` when a partition does not answer in time (the answer is then what the store has, and older).
/// A section takes 128 + 20 x events bytes of its partition's queue; one that is larger than all of it is taken when
/// the queue is empty. claim() wants a catalog that holds what Store::definitions answers; run() comes before
/// Log::start.
class Engine : public Receiver {
 public:
  Engine(EngineOptions options, std::uint16_t partitions, Catalog& catalog, Store& store, Bus& bus, const Clock& clock,
         Metrics& metrics);
  ~Engine() override;

  /// Claims every partition; answers the offsets to start the log from, indexed by partition.
  Result<std::vector<Offset>> claim();
  /// Everything that producers have sent up to the claimed offsets, over all partitions; the log's gate begins with it.
  [[nodiscard]] ProducerMemory producers() const;
  /// Starts the partition threads; `log` is told what is committed.
  void run(Log& log);

  bool reserve(const EventBatch& batch) override;
  void cancel(const EventBatch& batch) override;
  void deliver(Offset offset, std::shared_ptr<const EventBatch> batch) override;
  void replay(Offset offset, std::shared_ptr<const EventBatch> batch,
              const std::vector<PartitionId>& partitions) override;

  /// Live rows, asked of every partition between two batches.
  [[nodiscard]] Result<LiveRows> live(const LiveRequest& request, Duration timeout);
  [[nodiscard]] std::vector<PartitionStatus> status() const;
  /// The lowest watermark over all partitions: everything before it is final.
  [[nodiscard]] Millis final_until() const;

  /// Commits everything folded so far and waits for it.
  Result<void> commit_now(Duration timeout);
  /// Drains the queues, commits, ends the threads.
  Result<void> stop(Duration timeout);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
