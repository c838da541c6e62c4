#include "stream/partition_thread.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace millrace {
namespace {

constexpr std::int64_t nothing = Millis::never().value;
constexpr std::uint64_t section_overhead = 128;
/// Least time between two looks for what changed.
constexpr Duration publish_pause{10};
constexpr Duration first_retry{100};
constexpr Duration last_retry{5'000};
/// More freed rows than this go to the pool, so that freeing them holds nobody up.
constexpr std::size_t garbage_limit = 256;

Duration backoff(std::uint32_t attempts) {
  return std::min<Duration>(last_retry, first_retry * (1 << std::min<std::uint32_t>(attempts, 10)));
}

std::unexpected<Error> stopped() { return fail(ErrorCode::unavailable, "the stream engine has stopped"); }

Metrics::Labels label(PartitionId id) { return {{"partition", std::to_string(id.value)}}; }

}  // namespace

PartitionThread::PartitionThread(PartitionId id, EngineParts& parts, const PartitionState& claimed,
                                 ProducerMemory producers)
    : id_(id),
      parts_(parts),
      partition_(id, parts.options, parts.catalog, parts.store, claimed, std::move(producers), parts.clock.steady()),
      publisher_(parts.bus, parts.catalog),
      last_publish_(parts.clock.steady() - parts.options.tick),
      last_publish_try_(last_publish_),
      folded_(claimed.next.value),
      committed_(claimed.next.value),
      watermark_(claimed.watermark.value),
      newest_event_(claimed.newest_event.value),
      oldest_waiting_(nothing),
      heartbeat_(parts.clock.steady().count()),
      last_commit_(parts.clock.steady().count()),
      events_folded_(parts.metrics.counter("millrace_events_folded_total", "Events folded into rollups.", label(id))),
      late_events_(parts.metrics.counter("millrace_late_events_total",
                                         "Events whose bucket was final already; they are counted all the same.",
                                         label(id))),
      commits_(parts.metrics.counter("millrace_commits_total", "Commits of a partition to the store.", label(id))),
      commit_failures_(parts.metrics.counter("millrace_commit_failures_total",
                                             "Attempts to commit that failed; they are retried.", label(id))),
      updates_(
          parts.metrics.counter("millrace_updates_published_total", "Updates of watched topics published.", label(id))),
      rows_loaded_(parts.metrics.counter("millrace_rows_loaded_total",
                                         "Stored rows read back because late events touched them.", label(id))),
      commit_seconds_(parts.metrics.seconds("millrace_commit_seconds",
                                            "Time from freezing a commit to its being durable.", label(id))) {}

PartitionThread::~PartitionThread() { abandon(); }

void PartitionThread::start(Log& log) {
  log_ = &log;
  thread_ = std::thread([this] { loop(); });
}

std::uint64_t PartitionThread::queue_bytes(const Section& section) {
  return section_overhead + section.size() * event_bytes;
}

bool PartitionThread::reserve(std::uint64_t bytes) {
  if (halted_.load(std::memory_order_relaxed)) return true;
  const std::uint64_t before = reserved_.fetch_add(bytes);
  if (before == 0 || before + bytes <= parts_.options.queue_bytes) return true;
  cancel(bytes);
  return false;
}

void PartitionThread::cancel(std::uint64_t bytes) {
  if (halted_.load(std::memory_order_relaxed)) return;
  reserved_.fetch_sub(bytes);
}

void PartitionThread::deliver(Offset offset, std::shared_ptr<const EventBatch> batch, const Section& section) {
  const std::lock_guard lock(mutex_);
  push({offset, std::move(batch), &section, queue_bytes(section)});
}

void PartitionThread::replay(Offset offset, std::shared_ptr<const EventBatch> batch, const Section& section) {
  const std::uint64_t bytes = queue_bytes(section);
  std::unique_lock lock(mutex_);
  space_.wait(lock, [&] {
    const std::uint64_t before = reserved_.load();
    return draining_ || abandoned_ || halted_ || before == 0 || before + bytes <= parts_.options.queue_bytes;
  });
  if (draining_ || abandoned_ || halted_) return;
  reserved_.fetch_add(bytes);
  push({offset, std::move(batch), &section, bytes});
}

void PartitionThread::push(Item item) {
  if (halted_ || abandoned_) return;
  if (queue_.empty()) oldest_waiting_.store(item.batch->arrival.value, std::memory_order_relaxed);
  queue_.push_back(std::move(item));
  wake_.notify_one();
}

/// False if the thread has ended, or is about to.
bool PartitionThread::post(Mail mail) {
  const std::lock_guard lock(mutex_);
  if (abandoned_) return false;
  mail_.push_back(std::move(mail));
  wake_.notify_one();
  return true;
}

void PartitionThread::live(std::shared_ptr<const LiveRequest> request, LiveDone done) {
  const bool posted = post([this, request = std::move(request), done] {
    if (!halted_) return done(partition_.live(*request));
    auto state = parts_.store.state(id_);  // another owner's by now: what is live is there, and not for us to know
    if (!state) return done(fail(std::move(state.error())));
    LiveRows rows;
    rows.raw_from.push_back(state->next);
    done(std::move(rows));
  });
  if (!posted) done(stopped());
}

void PartitionThread::commit_now(CommitDone done) {
  const bool posted = post([this, done]() mutable {
    if (halted_) {
      const std::lock_guard lock(error_mutex_);
      return done(fail(ErrorCode::fenced, error_));
    }
    const std::lock_guard lock(mutex_);
    const Offset target = queue_.empty() ? partition_.next() : Offset{queue_.back().offset.value + 1};
    commit_calls_.push_back({target, std::move(done)});
  });
  if (!posted) done(stopped());
}

void PartitionThread::drain(CommitDone done) {
  const bool posted = post([this, done]() mutable {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    drained_ = std::move(done);
    space_.notify_all();
  });
  if (!posted) done({});
}

void PartitionThread::abandon() {
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    wake_.notify_one();
    space_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

PartitionStatus PartitionThread::status() const {
  const std::int64_t steady = parts_.clock.steady().count();
  PartitionStatus status;
  status.partition = id_;
  status.folded = Offset{folded_.load(std::memory_order_relaxed)};
  status.committed = Offset{committed_.load(std::memory_order_relaxed)};
  status.watermark = watermark();
  status.newest_event = Millis{newest_event_.load(std::memory_order_relaxed)};
  const std::int64_t oldest = oldest_waiting_.load(std::memory_order_relaxed);
  if (oldest != nothing) status.oldest_waiting = Millis{oldest};
  status.heartbeat_age = Duration{std::max<std::int64_t>(0, steady - heartbeat_.load(std::memory_order_relaxed))};
  status.halted = halted_;
  status.queue_bytes = status.halted ? 0 : reserved_.load(std::memory_order_relaxed);
  status.queue_limit = parts_.options.queue_bytes;
  status.events = events_.load(std::memory_order_relaxed);
  status.late_events = late_.load(std::memory_order_relaxed);
  status.open_rows = open_rows_.load(std::memory_order_relaxed);
  status.last_commit_age = Duration{std::max<std::int64_t>(0, steady - last_commit_.load(std::memory_order_relaxed))};
  const std::lock_guard lock(error_mutex_);
  status.error = error_;
  return status;
}

void PartitionThread::loop() {
  std::unique_lock lock(mutex_);
  while (!abandoned_) {
    if (!mail_.empty()) {
      std::vector<Mail> mail = std::exchange(mail_, {});
      lock.unlock();
      for (Mail& one : mail) one();
    } else if (!queue_.empty() && !partition_.full() && parts_.clock.steady() >= retry_fold_) {
      const Item item = queue_.front();  // it stays there while it is folded: it is what waits longest
      lock.unlock();
      if (fold(item)) {
        lock.lock();
        pop();
        lock.unlock();
      }
    } else if (draining_ && drained()) {
      break;
    } else {
      wake_.wait_for(lock, pause());
      lock.unlock();
    }
    lock.lock();
    const bool queue_empty = queue_.empty();
    lock.unlock();
    turn(queue_empty);
    lock.lock();
  }
  abandoned_ = true;
  std::vector<Mail> mail = std::exchange(mail_, {});
  lock.unlock();
  for (Mail& one : mail) one();  // nobody waits for an answer that never comes
  answer_commits({});
  answer_commits(stopped());
  if (!drained_) return;
  if (!halted_) return drained_({});
  const std::lock_guard error_lock(error_mutex_);
  drained_(fail(ErrorCode::fenced, error_));
}

bool PartitionThread::fold(const Item& item) {
  const EventBatch& batch = *item.batch;
  const Duration steady = parts_.clock.steady();
  std::shared_ptr<const Section> section(item.batch, item.section);
  auto folded = partition_.fold(item.offset, std::move(section), batch.arrival, batch.producer, batch.sequence, steady);
  if (!folded) {
    retry_fold_ = steady + first_retry;
    note_error("stored rows that late events touch can't be read: " + folded.error().message);
    return false;
  }
  if (retry_fold_ > Duration{0}) note_error({});
  retry_fold_ = Duration{0};
  events_folded_.add(static_cast<double>(folded->events));
  if (folded->late > 0) late_events_.add(static_cast<double>(folded->late));
  events_.fetch_add(folded->events, std::memory_order_relaxed);
  late_.fetch_add(folded->late, std::memory_order_relaxed);
  unpublished_ = true;
  return true;
}

/// The first of the queue has been folded. Under the lock.
void PartitionThread::pop() {
  reserved_.fetch_sub(queue_.front().bytes);
  queue_.pop_front();
  oldest_waiting_.store(queue_.empty() ? nothing : queue_.front().batch->arrival.value, std::memory_order_relaxed);
  space_.notify_one();
}

/// What is to be done between two batches.
void PartitionThread::turn(bool queue_empty) {
  const Duration steady = parts_.clock.steady();
  heartbeat_.store(steady.count(), std::memory_order_relaxed);
  if (halted_) return;
  if (queue_empty) {
    partition_.busy(Duration{parts_.last_replay.load(std::memory_order_relaxed)});
    partition_.idle(parts_.clock.now(), steady);
  }
  publish(steady);
  commit(steady, queue_empty);
  partition_.evict(steady);
  if (auto garbage = partition_.take_garbage(); garbage.size() > garbage_limit) {
    parts_.pool.post([rows = std::move(garbage)] {});
  }
  note_progress();
}

void PartitionThread::publish(Duration steady) {
  if (steady - last_publish_ < parts_.options.tick || steady - last_publish_try_ < publish_pause) return;
  last_publish_try_ = steady;
  unpublished_ = false;
  const std::size_t published = publisher_.publish(partition_, parts_.clock.now());
  if (published == 0) return;
  last_publish_ = steady;
  updates_.add(static_cast<double>(published));
}

void PartitionThread::commit(Duration steady, bool queue_empty) {
  if (partition_.committing()) {
    if (!outcome_expected_ && steady >= retry_commit_) submit(steady);
    return;
  }
  const bool wanted = (draining_ && queue_empty) || std::ranges::any_of(commit_calls_, [&](const CommitCall& call) {
                        return call.target <= partition_.next();
                      });
  if (wanted && !partition_.dirty()) {
    answer_commits({});
    return;
  }
  if (!wanted && !partition_.commit_due(steady)) return;
  partition_.freeze(parts_.defined.load(), steady);
  attempts_ = 0;
  submit(steady);
}

void PartitionThread::submit(Duration steady) {
  outcome_expected_ = true;
  parts_.pool.post([this, frozen = partition_.frozen(), again = attempts_ > 0, steady]() mutable {
    CommitOutcome outcome = run_commit(*frozen, again);
    outcome.defined = frozen->define_until;
    outcome.took = parts_.clock.steady() - steady;
    frozen.reset();
    post([this, outcome = std::move(outcome)]() mutable { on_outcome(std::move(outcome)); });
  });
}

/// On a pool thread.
PartitionThread::CommitOutcome PartitionThread::run_commit(const Frozen& frozen, bool again) const {
  if (again) {  // the attempt before may have taken effect all the same
    const auto state = parts_.store.state(id_);
    if (!state) return {fail(state.error()), 0, {}};
    const bool ours = state->epoch == frozen.epoch;
    if (ours && state->next != frozen.expected && state->next == frozen.after.next) return {{}, 0, {}};
    if (!ours || state->next != frozen.expected) {
      return {
          fail(ErrorCode::fenced, "another owner has taken partition " + std::to_string(id_.value) + " over"), 0, {}};
    }
  }
  auto commit = build_commit(frozen, parts_.catalog, parts_.store);
  if (!commit) return {fail(std::move(commit.error())), 0, {}};
  return {parts_.store.commit(*commit), 0, {}};
}

void PartitionThread::on_outcome(CommitOutcome outcome) {
  outcome_expected_ = false;
  const Duration steady = parts_.clock.steady();
  if (!outcome.result) {
    commit_failures_.add();
    if (outcome.result.error().code == ErrorCode::fenced) return halt(std::move(outcome.result.error()));
    retry_commit_ = steady + backoff(attempts_++);
    note_error("commit failed and is retried: " + outcome.result.error().message);
    return;
  }
  parts_.pool.post([frozen = partition_.on_committed(steady)]() mutable { frozen.reset(); });
  std::uint32_t defined = parts_.defined.load();
  while (defined < outcome.defined && !parts_.defined.compare_exchange_weak(defined, outcome.defined)) {
  }
  commits_.add();
  commit_seconds_.observe(std::chrono::duration<double>(outcome.took).count());
  last_commit_.store(steady.count(), std::memory_order_relaxed);
  note_error({});
  note_progress();
  log_->release(id_, partition_.committed());
  answer_commits({});
}

/// With ok: those whose events are committed; with an error: all.
void PartitionThread::answer_commits(const Result<void>& result) {
  std::vector<CommitCall> waiting;
  for (CommitCall& call : std::exchange(commit_calls_, {})) {
    if (!result || call.target <= partition_.committed()) {
      call.done(result);
    } else {
      waiting.push_back(std::move(call));
    }
  }
  commit_calls_ = std::move(waiting);
}

void PartitionThread::halt(Error error) {
  note_error(error.message);
  {
    const std::lock_guard lock(mutex_);
    halted_ = true;
    queue_.clear();
    oldest_waiting_.store(nothing, std::memory_order_relaxed);
    space_.notify_all();
  }
  answer_commits(fail(std::move(error)));
}

void PartitionThread::note_error(std::string message) {
  const std::lock_guard lock(error_mutex_);
  error_ = std::move(message);
}

void PartitionThread::note_progress() {
  folded_.store(partition_.next().value, std::memory_order_relaxed);
  committed_.store(partition_.committed().value, std::memory_order_relaxed);
  watermark_.store(partition_.watermark().value().value, std::memory_order_relaxed);
  newest_event_.store(partition_.watermark().newest_event().value, std::memory_order_relaxed);
  open_rows_.store(partition_.rows().size(), std::memory_order_relaxed);
  if (const std::uint64_t loaded = partition_.loaded(); loaded != loaded_before_) {
    rows_loaded_.add(static_cast<double>(loaded - loaded_before_));
    loaded_before_ = loaded;
  }
}

/// Under the lock.
bool PartitionThread::drained() const {
  if (outcome_expected_) return false;  // a pool thread still holds `this`
  return halted_ || (queue_.empty() && !partition_.committing() && !partition_.dirty());
}

/// How long the thread may sleep if nothing wakes it.
Duration PartitionThread::pause() const {
  const Duration steady = parts_.clock.steady();
  if (!unpublished_) return std::clamp(parts_.options.tick, Duration{1}, Duration{100});
  const Duration due = std::max(last_publish_ + parts_.options.tick, last_publish_try_ + publish_pause) - steady;
  return std::clamp(due, Duration{1}, Duration{100});
}

}  // namespace millrace
