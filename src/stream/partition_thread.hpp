#pragma once

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "bus/bus.hpp"
#include "log/log.hpp"
#include "store/store.hpp"
#include "stream/commit_pool.hpp"
#include "stream/engine.hpp"
#include "stream/partition.hpp"
#include "stream/publisher.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace millrace {

/// What all partitions of an engine share.
struct EngineParts {
  EngineOptions options;
  Catalog& catalog;
  Store& store;
  Bus& bus;
  const Clock& clock;
  Metrics& metrics;
  CommitPool& pool;
  std::atomic<std::uint32_t> defined{0};                ///< Series ids below are in the store.
  std::atomic<std::int64_t> last_replay{-(1LL << 40)};  ///< Monotonic ms at which the log last replayed something.
};

/// A partition with its thread, its bounded queue and its mailbox.
///
/// The thread folds batches in order, answers mail between two of them, publishes what is watched and hands commits to
/// the pool. A commit that fails is retried with growing pauses until it is done or another owner has taken over; then
/// the partition is halted: it takes no more batches and answers reads from the store alone.
class PartitionThread {
 public:
  using LiveDone = std::function<void(Result<LiveRows>)>;
  using CommitDone = std::function<void(Result<void>)>;

  PartitionThread(PartitionId id, EngineParts& parts, const PartitionState& claimed, ProducerMemory producers);
  /// Ends the thread without a further commit, if it still runs.
  ~PartitionThread();
  PartitionThread(const PartitionThread&) = delete;
  PartitionThread& operator=(const PartitionThread&) = delete;

  void start(Log& log);

  /// What a section takes of the queue.
  [[nodiscard]] static std::uint64_t queue_bytes(const Section& section);
  [[nodiscard]] bool reserve(std::uint64_t bytes);
  void cancel(std::uint64_t bytes);
  /// For reserved bytes.
  void deliver(Offset offset, std::shared_ptr<const EventBatch> batch, const Section& section);
  /// Waits for space; drops the section if the partition is halted or stopping.
  void replay(Offset offset, std::shared_ptr<const EventBatch> batch, const Section& section);

  /// `done` is called from this or the partition's thread.
  void live(std::shared_ptr<const LiveRequest> request, LiveDone done);
  /// Commits what was delivered before the call.
  void commit_now(CommitDone done);
  /// Takes no more, folds what is queued, commits; `done` when the thread is about to end.
  void drain(CommitDone done);
  /// Ends the thread now.
  void abandon();

  [[nodiscard]] PartitionStatus status() const;
  [[nodiscard]] PartitionId id() const { return id_; }
  [[nodiscard]] Millis watermark() const { return Millis{watermark_.load(std::memory_order_relaxed)}; }

 private:
  struct Item {
    Offset offset;
    std::shared_ptr<const EventBatch> batch;
    const Section* section;
    std::uint64_t bytes;
  };
  struct CommitOutcome {
    Result<void> result;
    std::uint32_t defined;
    Duration took;
  };
  struct CommitCall {
    Offset target;
    CommitDone done;
  };
  using Mail = std::move_only_function<void()>;

  void push(Item item);
  bool post(Mail mail);
  void loop();
  bool fold(const Item& item);
  void pop();
  void turn(bool queue_empty);
  void publish(Duration steady);
  void commit(Duration steady, bool queue_empty);
  void submit(Duration steady);
  CommitOutcome run_commit(const Frozen& frozen, bool again) const;
  void on_outcome(CommitOutcome outcome);
  void answer_commits(const Result<void>& result);
  void halt(Error error);
  void note_error(std::string message);
  void note_progress();
  [[nodiscard]] bool drained() const;
  [[nodiscard]] Duration pause() const;

  const PartitionId id_;
  EngineParts& parts_;
  Log* log_ = nullptr;
  Partition partition_;
  Publisher publisher_;

  // The door to other threads.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable space_;
  std::deque<Item> queue_;
  std::vector<Mail> mail_;
  bool draining_ = false;
  bool abandoned_ = false;
  std::atomic<std::uint64_t> reserved_{0};
  std::atomic<bool> halted_{false};

  // Of the thread.
  std::vector<CommitCall> commit_calls_;
  CommitDone drained_;
  bool outcome_expected_ = false;
  std::uint32_t attempts_ = 0;
  Duration retry_commit_{0};
  Duration retry_fold_{0};
  Duration last_publish_;
  Duration last_publish_try_;
  bool unpublished_ = true;

  // Figures that anyone may read.
  std::atomic<std::uint64_t> folded_{0};
  std::atomic<std::uint64_t> committed_{0};
  std::atomic<std::int64_t> watermark_;
  std::atomic<std::int64_t> newest_event_;
  std::atomic<std::int64_t> oldest_waiting_;
  std::atomic<std::int64_t> heartbeat_;
  std::atomic<std::int64_t> last_commit_;
  std::atomic<std::uint64_t> events_{0};
  std::atomic<std::uint64_t> late_{0};
  std::atomic<std::uint64_t> open_rows_{0};
  mutable std::mutex error_mutex_;
  std::string error_;

  Counter& events_folded_;
  Counter& late_events_;
  Counter& commits_;
  Counter& commit_failures_;
  Counter& updates_;
  Counter& rows_loaded_;
  Histogram& commit_seconds_;
  std::uint64_t loaded_before_ = 0;

  std::thread thread_;
};

}  // namespace millrace
