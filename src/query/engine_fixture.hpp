#pragma once

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "bus/in_process_bus.hpp"
#include "catalog/catalog.hpp"
#include "log/log.hpp"
#include "query/query.hpp"
#include "store/store.hpp"
#include "stream/engine.hpp"
#include "stream/memory_store.hpp"

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace millrace::testing {

/// A log that holds nothing: batches are handed to the engine by the test.
class NoLog final : public Log {
 public:
  [[nodiscard]] std::uint16_t partitions() const override { return 0; }
  Result<void> start(const std::vector<Offset>&, Receiver&) override { return {}; }
  void append(std::shared_ptr<const EventBatch>, Done done) override {
    done(fail(ErrorCode::unavailable, "nothing is logged here"));
  }
  void release(PartitionId, Offset) override {}
  [[nodiscard]] Offset end() const override { return {}; }
  void stop() override {}
};

/// An event as a test remembers it.
struct Sent {
  PartitionId partition;
  SeriesId series;
  Millis time;
  double value;
};

/// The real engine over a store, fed by hand; every event is remembered for the oracle.
class Pipeline {
 public:
  static constexpr Millis start{1'767'322'800'000};  // 2026-01-02T03:00:00Z

  explicit Pipeline(std::unique_ptr<Store> the_store, std::uint16_t the_partitions = 2, EngineOptions options = {},
                    Millis now = start)
      : clock(now), store(std::move(the_store)), partitions(the_partitions) {
    engine = std::make_unique<Engine>(options, partitions, catalog, *store, bus, clock, metrics);
    must(engine->claim().has_value());
    engine->run(log);
    queries = std::make_unique<QueryEngine>(catalog, *store, *engine, clock);
  }
  /// Over a store in memory.
  explicit Pipeline(std::uint16_t the_partitions) : Pipeline(std::make_unique<MemoryStore>(), the_partitions) {}
  ~Pipeline() { static_cast<void>(engine->stop(Duration{10'000})); }
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  SeriesId series(const std::string& metric, const std::string& source, Tags tags = {}) {
    return catalog.intern({metric, source, std::move(tags)}, clock.now()).id;
  }

  /// Hands events over as one batch and returns when they are folded.
  void send(const std::vector<Sent>& events) {
    auto batch = std::make_shared<EventBatch>();
    batch->arrival = clock.now();
    for (std::uint16_t i = 0; i < partitions; ++i) {
      Section section;
      section.partition = PartitionId{i};
      for (const Sent& event : events) {
        if (event.partition != section.partition) continue;
        section.series.push_back(event.series);
        section.time.push_back(event.time);
        section.value.push_back(event.value);
      }
      if (section.size() > 0) batch->sections.push_back(std::move(section));
    }
    sent.insert(sent.end(), events.begin(), events.end());
    must(engine->reserve(*batch));
    const Offset offset{next_++};
    engine->deliver(offset, batch);
    for (const Section& section : batch->sections) {
      while (engine->status()[section.partition.value].folded <= offset) std::this_thread::yield();
    }
  }
  void commit() { must(engine->commit_now(Duration{60'000}).has_value()); }

  ManualClock clock;
  Catalog catalog;
  std::unique_ptr<Store> store;
  InProcessBus bus;
  Metrics metrics;
  NoLog log;
  std::uint16_t partitions;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<QueryEngine> queries;
  std::vector<Sent> sent;

 private:
  /// Without it nothing that follows means anything; benchmarks use this too, so no test macro.
  static void must(bool holds) {
    if (!holds) std::abort();
  }

  std::uint64_t next_ = 1;
};

}  // namespace millrace::testing
