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

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
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
    EXPECT_TRUE(engine->claim());
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
    ASSERT_TRUE(engine->reserve(*batch));
    const Offset offset{next_++};
    engine->deliver(offset, batch);
    for (const Section& section : batch->sections) {
      while (engine->status()[section.partition.value].folded <= offset) std::this_thread::yield();
    }
  }
  void commit() { ASSERT_TRUE(engine->commit_now(Duration{10'000})); }

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
  std::uint64_t next_ = 1;
};

/// A window worked out from the events themselves.
struct Expected {
  std::uint64_t count = 0;
  double sum = 0;
  double magnitude = 0;
  std::vector<double> sorted;
  double first = 0;
  double last = 0;
  Millis first_time;
  Millis last_time;
};

/// Figures of the events in [from, to) that `wanted` picks. Equal times: the lower (partition, series) is earlier.
template <class Wanted>
Expected expect(const std::vector<Sent>& sent, Millis from, Millis to, Wanted wanted) {
  std::vector<const Sent*> in;
  for (const Sent& event : sent) {
    if (event.time >= from && event.time < to && wanted(event)) in.push_back(&event);
  }
  std::sort(in.begin(), in.end(), [](const Sent* a, const Sent* b) {
    return std::tie(a->time, a->partition, a->series, a) < std::tie(b->time, b->partition, b->series, b);
  });
  Expected out;
  for (const Sent* event : in) {
    out.sum += event->value;
    out.magnitude += std::abs(event->value);
    out.sorted.push_back(event->value);
  }
  out.count = in.size();
  std::sort(out.sorted.begin(), out.sorted.end());
  if (in.empty()) return out;
  out.first = in.front()->value;
  out.first_time = in.front()->time;
  out.last = in.back()->value;
  out.last_time = in.back()->time;
  return out;
}

/// Compares a point with what it should be; quantiles by rank error.
inline void check(const Point& point, const Expected& expected, bool digests) {
  const Rollup& rollup = point.rollup;
  ASSERT_EQ(rollup.count, expected.count);
  EXPECT_NEAR(rollup.total(), expected.sum, 1e-12 * expected.magnitude);
  EXPECT_EQ(rollup.min, expected.sorted.front());
  EXPECT_EQ(rollup.max, expected.sorted.back());
  EXPECT_EQ(rollup.first, expected.first);
  EXPECT_EQ(rollup.last, expected.last);
  EXPECT_EQ(rollup.first_time, expected.first_time);
  EXPECT_EQ(rollup.last_time, expected.last_time);
  EXPECT_EQ(point.revision, 2 * expected.count + (point.final ? 1 : 0));
  if (!digests) return;
  ASSERT_EQ(rollup.digest.count(), expected.count);
  for (const double q : {0.5, 0.95}) {
    const double value = rollup.digest.quantile(q);
    const auto rank = [&](auto at) {
      return static_cast<double>(at - expected.sorted.begin()) / static_cast<double>(expected.count);
    };
    const double low = rank(std::lower_bound(expected.sorted.begin(), expected.sorted.end(), value));
    const double high = rank(std::upper_bound(expected.sorted.begin(), expected.sorted.end(), value));
    const double slack = 0.02 + 1.0 / static_cast<double>(expected.count);
    EXPECT_LE(low - slack, q);
    EXPECT_GE(high + slack, q);
  }
}

}  // namespace millrace::testing
