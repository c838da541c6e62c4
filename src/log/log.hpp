#pragma once

#include "base/function_ref.hpp"
#include "base/result.hpp"
#include "base/types.hpp"
#include "model/event_batch.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace millrace {

/// Who folds what the log holds: the stream engine.
class Receiver {
 public:
  virtual ~Receiver() = default;

  /// Keeps queue space for every section of the batch, or for none and answers false. Sections of a halted
  /// partition need no space. Called before the append, from the log's thread.
  virtual bool reserve(const EventBatch& batch) = 0;
  /// Gives back what reserve took, for a batch that will not be delivered.
  virtual void cancel(const EventBatch& batch) = 0;
  /// A durable batch. Each partition takes its own section; `offset` rises strictly for every partition.
  /// Space has been reserved; never blocks.
  virtual void deliver(Offset offset, std::shared_ptr<const EventBatch> batch) = 0;
  /// A durable batch during start(): blocks while queues are full; only `partitions` take their sections,
  /// the others have folded this offset already.
  virtual void replay(Offset offset, std::shared_ptr<const EventBatch> batch,
                      const std::vector<PartitionId>& partitions) = 0;
};

/// Outcome of an append. `duplicate`: this producer's sequence was seen before; nothing was appended, and the
/// earlier batch is durable.
struct Appended {
  Offset offset;
  bool duplicate = false;
};

/// Accepted events, in order per partition, durable, replayable from an offset.
///
/// Contract: `append` calls `done` exactly once, after the batch is durable or has failed, from a thread of the
/// log's; between the two it is never lost by a crash. Errors: `exhausted` (no space in a queue, nothing kept),
/// `conflict` (sequence too old), `no_space` and `io` (can't persist). A batch that was acknowledged is delivered
/// to the Receiver exactly once a start, in offset order for each partition.
class Log {
 public:
  using Done = std::move_only_function<void(Result<Appended>)>;

  virtual ~Log() = default;

  /// How many partitions there are; fixed while open.
  [[nodiscard]] virtual std::uint16_t partitions() const = 0;

  /// Where each partition goes on reading: what its store has committed. Delivers everything from there by
  /// Receiver::replay, returns when all of it is delivered, then takes appends. `starts` is indexed by partition.
  virtual Result<void> start(const std::vector<Offset>& starts, Receiver& receiver) = 0;

  /// Queues a batch with at least one event.
  virtual void append(std::shared_ptr<const EventBatch> batch, Done done) = 0;

  /// The partition has committed everything below `next`: what nobody needs any more may go.
  virtual void release(PartitionId partition, Offset next) = 0;

  /// One past the last durable offset.
  [[nodiscard]] virtual Offset end() const = 0;

  /// No further appends; waits until those under way have called `done`.
  virtual void stop() = 0;
};

}  // namespace millrace
