#include "stream/engine.hpp"

#include "stream/commit_pool.hpp"
#include "stream/partition_thread.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>

namespace millrace {
namespace {

/// Waits for an answer of every partition, or for the first error.
template <class T>
class Answers {
 public:
  explicit Answers(std::size_t count) : answers_(count) {}

  void put(std::size_t at, Result<T> answer) {
    const std::lock_guard lock(mutex_);
    if (answers_[at]) return;
    answers_[at] = std::move(answer);
    ++done_;
    all_.notify_one();
  }
  /// The answers by partition; `deadline` names those that are missing.
  Result<std::vector<Result<T>>> wait(Duration timeout) {
    std::unique_lock lock(mutex_);
    all_.wait_for(lock, timeout, [&] { return done_ == answers_.size(); });
    std::vector<Result<T>> out;
    for (std::size_t i = 0; i < answers_.size(); ++i) {
      if (!answers_[i]) {
        return fail(ErrorCode::deadline, "partition " + std::to_string(i) + " did not answer within " +
                                             std::to_string(timeout.count()) + " ms");
      }
      out.push_back(std::move(*answers_[i]));
    }
    return out;
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_;
  std::vector<std::optional<Result<T>>> answers_;
  std::size_t done_ = 0;
};

constexpr std::size_t pool_threads = 2;

}  // namespace

struct Engine::Impl {
  /// What a scrape may still hold after the engine is gone.
  struct Scrape {
    std::mutex mutex;
    Impl* impl;
  };

  Impl(EngineOptions options, std::uint16_t count, Catalog& catalog, Store& store, Bus& bus, const Clock& clock,
       Metrics& metrics)
      : partitions(count), parts{options, catalog, store, bus, clock, metrics, pool} {}

  void before_scrape() {
    const Millis now = parts.clock.now();
    for (const auto& partition : threads) {
      const PartitionStatus status = partition->status();
      const Metrics::Labels labels{{"partition", std::to_string(status.partition.value)}};
      const auto set = [&](const char* name, const char* help, double value) {
        parts.metrics.gauge(name, help, labels).set(value);
      };
      set("millrace_queue_bytes", "Bytes of events that wait to be folded.", static_cast<double>(status.queue_bytes));
      set("millrace_live_rows", "Rollup rows in memory.", static_cast<double>(status.open_rows));
      set("millrace_partition_halted", "1 if the partition has stopped for good.", status.halted ? 1 : 0);
      if (status.watermark > Millis::never()) {
        set("millrace_watermark_delay_seconds", "How far the watermark is behind the clock.",
            std::chrono::duration<double>(now - status.watermark).count());
      }
    }
  }

  template <class T, class Ask>
  std::shared_ptr<Answers<T>> ask_all(Ask ask) {
    auto answers = std::make_shared<Answers<T>>(threads.size());
    for (std::size_t i = 0; i < threads.size(); ++i) {
      ask(*threads[i], [answers, i](Result<T> answer) { answers->put(i, std::move(answer)); });
    }
    return answers;
  }

  const std::uint16_t partitions;
  ProducerMemory producers;
  std::shared_ptr<Scrape> scrape = std::make_shared<Scrape>();
  // In this order: the pool, whose jobs may still name a partition, runs dry before partitions and parts go.
  EngineParts parts;
  std::vector<std::unique_ptr<PartitionThread>> threads;
  CommitPool pool{pool_threads};
};

Engine::Engine(EngineOptions options, std::uint16_t partitions, Catalog& catalog, Store& store, Bus& bus,
               const Clock& clock, Metrics& metrics)
    : impl_(std::make_unique<Impl>(options, partitions, catalog, store, bus, clock, metrics)) {
  impl_->scrape->impl = impl_.get();
  metrics.before_scrape([scrape = impl_->scrape] {
    const std::lock_guard lock(scrape->mutex);
    if (scrape->impl != nullptr) scrape->impl->before_scrape();
  });
}

Engine::~Engine() {
  {
    const std::lock_guard lock(impl_->scrape->mutex);
    impl_->scrape->impl = nullptr;
  }
  for (auto& partition : impl_->threads) partition->abandon();
}

Result<std::vector<Offset>> Engine::claim() {
  EngineParts& parts = impl_->parts;
  std::uint32_t defined = 0;
  auto read = parts.store.definitions([&](const SeriesDefinition& definition) {
    if (definition.id.value == defined) ++defined;
  });
  if (!read) return fail(std::move(read.error()));
  parts.defined = defined;

  std::vector<Offset> starts;
  std::vector<std::unique_ptr<PartitionThread>> threads;
  for (std::uint16_t i = 0; i < impl_->partitions; ++i) {
    auto state = parts.store.claim(PartitionId{i});
    if (!state) return fail(std::move(state.error()));
    ProducerMemory producers;
    if (!state->producers.empty()) {
      auto decoded = ProducerMemory::decode(state->producers);
      if (!decoded) {
        return fail(decoded.error().code,
                    "producer memory of partition " + std::to_string(i) + ": " + decoded.error().message);
      }
      producers = std::move(*decoded);
    }
    impl_->producers.merge(producers);
    starts.push_back(state->next);
    threads.push_back(std::make_unique<PartitionThread>(PartitionId{i}, parts, *state, std::move(producers)));
  }
  const std::lock_guard lock(impl_->scrape->mutex);
  impl_->threads = std::move(threads);
  return starts;
}

ProducerMemory Engine::producers() const { return impl_->producers; }

void Engine::run(Log& log) {
  for (auto& partition : impl_->threads) partition->start(log);
}

bool Engine::reserve(const EventBatch& batch) {
  for (std::size_t i = 0; i < batch.sections.size(); ++i) {
    const Section& section = batch.sections[i];
    if (impl_->threads[section.partition.value]->reserve(PartitionThread::queue_bytes(section))) continue;
    for (std::size_t k = 0; k < i; ++k) {
      const Section& taken = batch.sections[k];
      impl_->threads[taken.partition.value]->cancel(PartitionThread::queue_bytes(taken));
    }
    return false;
  }
  return true;
}

void Engine::cancel(const EventBatch& batch) {
  for (const Section& section : batch.sections) {
    impl_->threads[section.partition.value]->cancel(PartitionThread::queue_bytes(section));
  }
}

void Engine::deliver(Offset offset, std::shared_ptr<const EventBatch> batch) {
  for (const Section& section : batch->sections) {
    impl_->threads[section.partition.value]->deliver(offset, batch, section);
  }
}

void Engine::replay(Offset offset, std::shared_ptr<const EventBatch> batch,
                    const std::vector<PartitionId>& partitions) {
  for (const Section& section : batch->sections) {
    if (std::ranges::find(partitions, section.partition) == partitions.end()) continue;
    impl_->parts.last_replay.store(impl_->parts.clock.steady().count(), std::memory_order_relaxed);
    impl_->threads[section.partition.value]->replay(offset, batch, section);
  }
}

Result<LiveRows> Engine::live(const LiveRequest& request, Duration timeout) {
  const auto shared = std::make_shared<const LiveRequest>(request);
  auto answers = impl_->ask_all<LiveRows>(
      [&](PartitionThread& partition, PartitionThread::LiveDone done) { partition.live(shared, std::move(done)); });
  auto all = answers->wait(timeout);
  if (!all) return fail(std::move(all.error()));
  LiveRows out;
  for (auto& answer : *all) {
    if (!answer) return fail(std::move(answer.error()));
    std::ranges::move(answer->rows, std::back_inserter(out.rows));
    std::ranges::move(answer->raw, std::back_inserter(out.raw));
    std::ranges::move(answer->raw_from, std::back_inserter(out.raw_from));
  }
  return out;
}

std::vector<PartitionStatus> Engine::status() const {
  std::vector<PartitionStatus> out;
  out.reserve(impl_->threads.size());
  for (const auto& partition : impl_->threads) out.push_back(partition->status());
  return out;
}

Millis Engine::final_until() const {
  Millis lowest = impl_->threads.empty() ? Millis::never() : Millis{std::numeric_limits<std::int64_t>::max()};
  for (const auto& partition : impl_->threads) lowest = std::min(lowest, partition->watermark());
  return lowest;
}

Result<void> Engine::commit_now(Duration timeout) {
  auto answers = impl_->ask_all<void>(
      [](PartitionThread& partition, PartitionThread::CommitDone done) { partition.commit_now(std::move(done)); });
  auto all = answers->wait(timeout);
  if (!all) return fail(std::move(all.error()));
  for (auto& answer : *all) {
    if (!answer) return fail(std::move(answer.error()));
  }
  return {};
}

Result<void> Engine::stop(Duration timeout) {
  auto answers = impl_->ask_all<void>(
      [](PartitionThread& partition, PartitionThread::CommitDone done) { partition.drain(std::move(done)); });
  auto all = answers->wait(timeout);
  for (auto& partition : impl_->threads) partition->abandon();
  if (!all) return fail(std::move(all.error()));
  for (auto& answer : *all) {
    if (!answer) return fail(std::move(answer.error()));
  }
  return {};
}

}  // namespace millrace
