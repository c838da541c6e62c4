#pragma once

#include "base/function_ref.hpp"
#include "query/live_index.hpp"
#include "query/plan.hpp"
#include "store/store.hpp"
#include "stream/engine.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace millrace {

/// Rows of some series over a time, from wherever they are now: live ones first, then stored ones, each event once.
///
/// 1 m rows are read for minutes that the partition's last commit had closed, 1 h rows where the store says that they
/// stand, 10 s rows for the rest; where a live row touches a minute, its 10 s rows are read instead, so the answer is
/// exactly the merge of the newest 10 s rows. Thread-safe.
class RowReader {
 public:
  struct Request {
    MetricId metric;
    std::span<const SeriesId> series;  ///< Ascending.
    Millis from;                       ///< Multiples of 10 s; `to` is exclusive.
    Millis to;
    Level level = Level::ten_seconds;  ///< The coarsest that may be read.
    bool digests = false;
    Duration live_timeout{2'000};
  };
  struct Outcome {
    bool live_missing = false;
    bool expired = false;  ///< `expired` said so; rows are missing.
    bool again = false;    ///< A commit removed the 1 h rows while they were read: start again from nothing.
  };
  /// A row with its digest: whole (live rows), or nullptr and its bytes are in the view (stored rows).
  using Sink = FunctionRef<void(const RowView&, const Digest*)>;

  RowReader(Store& store, Engine& engine) : store_(store), engine_(engine) {}

  /// Rows come ascending by (series, bucket) within a partition and piece; no order holds over all.
  [[nodiscard]] Result<Outcome> read(const Request& request, FunctionRef<bool()> expired, Sink sink);

 private:
  struct Pass {
    std::optional<PartitionId> partition;  ///< Absent: all.
    Millis minutes_until;                  ///< 1 m rows stand for minutes that end by here.
  };
  struct Run;

  [[nodiscard]] std::vector<Pass> passes(const std::vector<PartitionStatus>& status, const LiveIndex& live);
  [[nodiscard]] Millis committed_minutes(const PartitionStatus& status);

  Store& store_;
  Engine& engine_;

  struct Committed {
    Offset next;
    Millis minutes_until = Millis::never();
  };
  std::mutex mutex_;
  std::map<PartitionId, Committed> committed_;  ///< An old value is only slower, never wrong.
};

}  // namespace millrace
