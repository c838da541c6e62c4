#include "stream/engine.hpp"

#include "bus/in_process_bus.hpp"
#include "stream/memory_store.hpp"
#include "stream/partition_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace millrace {
namespace {

using std::chrono::seconds;
using testing::Event;
using testing::Oracle;

constexpr Millis noon{1'790'000'040'000};
constexpr Millis long_ago{0};
constexpr Millis far_off{noon.value * 2};
constexpr Duration patience{60'000};

/// Notes what is released; the tests deliver by hand.
class HandLog final : public Log {
 public:
  [[nodiscard]] std::uint16_t partitions() const override { return 2; }
  Result<void> start(const std::vector<Offset>&, Receiver&) override { return {}; }
  void append(std::shared_ptr<const EventBatch>, Done) override {}
  void release(PartitionId partition, Offset next) override {
    const std::lock_guard lock(mutex_);
    released_[partition] = next;
  }
  [[nodiscard]] Offset end() const override { return Offset{0}; }
  void stop() override {}

  Offset released(PartitionId partition) {
    const std::lock_guard lock(mutex_);
    return released_[partition];
  }

 private:
  std::mutex mutex_;
  std::map<PartitionId, Offset> released_;
};

/// What outlives an engine.
struct World {
  Catalog catalog;
  MemoryStore store;
  InProcessBus bus;
  ManualClock clock{noon};
  Metrics metrics;
  HandLog log;
  EngineOptions options;
  SeriesId a = catalog.intern({"cpu", "a", {}}, noon).id;
  SeriesId b = catalog.intern({"cpu", "b", {}}, noon).id;
  std::uint64_t offset = 0;
  std::vector<std::shared_ptr<const EventBatch>> batches;

  std::unique_ptr<Engine> engine() {
    return std::make_unique<Engine>(options, std::uint16_t{2}, catalog, store, bus, clock, metrics);
  }
  std::unique_ptr<Engine> running() {
    auto out = engine();
    EXPECT_TRUE(out->claim());
    out->run(log);
    return out;
  }
  /// a's events in partition 0, b's in partition 1.
  std::shared_ptr<const EventBatch> batch(Millis time, double value) {
    auto out = std::make_shared<EventBatch>();
    out->arrival = time;
    out->sections = {*testing::section_of({{a, time, value}}, PartitionId{0}),
                     *testing::section_of({{b, time, value}}, PartitionId{1})};
    return out;
  }
  void send(Engine& engine, Millis time, double value) {
    batches.push_back(batch(time, value));
    ASSERT_TRUE(engine.reserve(*batches.back()));
    engine.deliver(Offset{offset++}, batches.back());
  }
  [[nodiscard]] LiveRequest all_rows(Level level = Level::ten_seconds) const {
    LiveRequest request;
    request.level = level;
    for (std::uint32_t id = 0; id < catalog.size(); ++id) request.series.push_back(SeriesId{id});
    request.from = long_ago;
    request.to = far_off;
    return request;
  }
  void expect_store_equals_oracle() const {
    Oracle oracle(catalog);
    std::map<std::pair<PartitionId, Oracle::Key>, std::vector<Oracle::Value>> want;
    for (const auto& batch : batches) {
      for (const Section& section : batch->sections) {
        Oracle one(catalog);
        one.fold(section);
        for (const auto& [key, values] : one.values()) {
          auto& all = want[{section.partition, key}];
          all.insert(all.end(), values.begin(), values.end());
        }
      }
    }
    const auto rows = store.all(Level::ten_seconds);
    EXPECT_EQ(rows.size(), want.size());
    for (const Row& row : rows) {
      const auto found = want.find({row.partition, {row.series, row.bucket}});
      ASSERT_NE(found, want.end());
      EXPECT_EQ(testing::difference(row.rollup, Oracle::figures(found->second)), "");
    }
  }
};

TEST(Engine, FoldsCommitsAndTellsTheLog) {
  World world;
  auto engine = world.running();
  for (int i = 0; i < 50; ++i) world.send(*engine, noon + seconds(i), i);
  ASSERT_TRUE(engine->commit_now(patience));
  world.expect_store_equals_oracle();
  EXPECT_EQ(world.log.released(PartitionId{0}), Offset{50});
  EXPECT_EQ(world.log.released(PartitionId{1}), Offset{50});
  const auto status = engine->status();
  ASSERT_EQ(status.size(), 2U);
  EXPECT_EQ(status[0].folded, Offset{50});
  EXPECT_EQ(status[0].committed, Offset{50});
  EXPECT_EQ(status[0].events, 50U);
  EXPECT_EQ(status[0].queue_bytes, 0U);
  EXPECT_EQ(status[0].oldest_waiting, std::nullopt);
  EXPECT_EQ(status[0].watermark, noon + seconds(47));
  EXPECT_EQ(engine->final_until(), noon + seconds(47));
  EXPECT_THAT(world.metrics.text(), ::testing::HasSubstr("millrace_events_folded_total{partition=\"0\"} 50"));
}

TEST(Engine, CommitsNothingWhenNothingWasFolded) {
  World world;
  auto engine = world.running();
  EXPECT_TRUE(engine->commit_now(patience));
  EXPECT_EQ(world.store.status().commits, 0U);
}

TEST(Engine, StoresDefinitionsWithTheFirstCommitThatUsesThem) {
  World world;
  auto engine = world.running();
  world.send(*engine, noon, 1);
  ASSERT_TRUE(engine->commit_now(patience));
  std::vector<SeriesDefinition> stored;
  ASSERT_TRUE(world.store.definitions([&](const SeriesDefinition& one) { stored.push_back(one); }));
  ASSERT_EQ(stored.size(), world.catalog.size());
  EXPECT_EQ(stored[world.a.value], world.catalog.at(world.a));
}

TEST(Engine, AnswersLiveRowsOfAllPartitions) {
  World world;
  auto engine = world.running();
  world.send(*engine, noon, 3);
  ASSERT_TRUE(engine->commit_now(patience));
  world.send(*engine, noon, 4);
  ASSERT_TRUE(engine->commit_now(patience));
  auto live = engine->live(world.all_rows(), patience);
  ASSERT_TRUE(live);
  EXPECT_EQ(live->rows.size(), 4U) << "a, b, and a total in each partition";
  for (const auto& row : live->rows) EXPECT_EQ(row->rollup.sum, 7);
  live = engine->live(world.all_rows(Level::raw), patience);
  EXPECT_THAT(live->raw_from, ::testing::ElementsAre(Offset{2}, Offset{2}));
  EXPECT_TRUE(live->raw.empty());
}

TEST(Engine, GoesOnFromTheStoreAfterACrash) {
  World world;
  {
    auto engine = world.running();
    for (int i = 0; i < 5; ++i) world.send(*engine, noon + seconds(i), i);
    ASSERT_TRUE(engine->commit_now(patience));
    for (int i = 0; i < 5; ++i) world.send(*engine, noon + seconds(i), 10 * i);
  }  // gone without a word
  auto engine = world.engine();
  const auto starts = engine->claim();
  EXPECT_THAT(*starts, ::testing::Each(Offset{5}));
  engine->run(world.log);
  for (std::uint64_t at = 5; at < 10; ++at) {
    engine->replay(Offset{at}, world.batches[at], {PartitionId{0}, PartitionId{1}});
  }
  ASSERT_TRUE(engine->stop(patience));
  world.expect_store_equals_oracle();
}

TEST(Engine, ReplaysOnlyToPartitionsThatWantIt) {
  World world;
  auto engine = world.running();
  engine->replay(Offset{0}, world.batch(noon, 1), {PartitionId{1}});
  ASSERT_TRUE(engine->stop(patience));
  EXPECT_EQ(world.store.state(PartitionId{0})->next, Offset{0});
  EXPECT_EQ(world.store.state(PartitionId{1})->next, Offset{1});
}

TEST(Engine, FencesTheOwnerBeforeIt) {
  World world;
  auto first = world.running();
  world.send(*first, noon, 1);
  ASSERT_TRUE(first->commit_now(patience));
  auto second = world.engine();
  ASSERT_TRUE(second->claim());
  second->run(world.log);
  const auto late = world.batch(noon, 100);
  ASSERT_TRUE(first->reserve(*late));
  first->deliver(Offset{1}, late);  // only the first sees it
  const auto refused = first->commit_now(patience);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::fenced);
  const auto halted = first->status();
  EXPECT_TRUE(halted[0].halted);
  EXPECT_NE(halted[0].error, "");
  EXPECT_EQ(halted[0].queue_bytes, 0U);
  EXPECT_TRUE(first->reserve(*late)) << "sections of a halted partition need no space";
  EXPECT_TRUE(first->live(world.all_rows(), patience)->rows.empty());

  world.send(*second, noon, 2);
  ASSERT_TRUE(second->stop(patience));
  world.expect_store_equals_oracle();
}

TEST(Engine, RetriesACommitThatFailedUntilItSucceeds) {
  World world;
  auto engine = world.running();
  world.store.fail_commits(3, ErrorCode::no_space);
  world.send(*engine, noon, 1);
  std::thread time([&] {
    while (world.log.released(PartitionId{0}).value == 0 || world.log.released(PartitionId{1}).value == 0) {
      world.clock.advance(seconds(1));
      std::this_thread::yield();
    }
  });
  EXPECT_TRUE(engine->commit_now(patience));
  time.join();
  world.expect_store_equals_oracle();
  EXPECT_EQ(engine->status()[0].error, "");
}

TEST(Engine, FindsACommitThatTookEffectThoughTheConnectionWasLost) {
  World world;
  auto engine = world.running();
  world.store.fail_commits(2, ErrorCode::unavailable, true);
  world.send(*engine, noon, 1);
  std::thread time([&] {
    while (world.log.released(PartitionId{0}).value == 0 || world.log.released(PartitionId{1}).value == 0) {
      world.clock.advance(seconds(1));
      std::this_thread::yield();
    }
  });
  EXPECT_TRUE(engine->commit_now(patience));
  time.join();
  EXPECT_FALSE(engine->status()[0].halted);
  std::size_t points = 0;
  const RawRequest raw{world.catalog.at(world.a).metric, std::span(&world.a, 1), long_ago, far_off};
  ASSERT_TRUE(world.store.read_raw(raw, [&](PartitionId, const RawPoint&) { ++points; }));
  EXPECT_EQ(points, 1U) << "committed once";
  world.expect_store_equals_oracle();
}

TEST(Engine, StopsReadingWhenCommitsBackUpAndRefusesWhatFindsNoSpace) {
  World world;
  world.options.commit_events = 1;
  world.options.queue_bytes = 1'000;
  auto engine = world.running();
  world.store.fail_commits(1'000'000, ErrorCode::io);
  const auto batch = world.batch(noon, 1);
  std::uint64_t taken = 0;
  while (engine->reserve(*batch)) {  // 148 bytes a section: 6 wait, and 2 more are folded behind the failing commit
    engine->deliver(Offset{taken++}, batch);
    ASSERT_LT(taken, 1'000U);
    while (taken <= 2 && engine->status()[0].folded.value < taken) std::this_thread::yield();
    while (taken <= 2 && engine->status()[1].folded.value < taken) std::this_thread::yield();
  }
  EXPECT_EQ(taken, 8U);
  EXPECT_EQ(engine->status()[0].folded, Offset{2});
  EXPECT_EQ(engine->status()[0].oldest_waiting, noon);
  EXPECT_LE(engine->status()[0].queue_bytes, 1'000U);
  EXPECT_TRUE(engine->live(world.all_rows(), patience)) << "reading goes on";
}

TEST(Engine, ReservesForAllSectionsOrNone) {
  World world;
  world.options.queue_bytes = 300;
  auto engine = world.engine();
  ASSERT_TRUE(engine->claim());
  const auto one = testing::batch_of({{world.b, noon, 1}}, noon, PartitionId{1});
  EXPECT_TRUE(engine->reserve(*one));
  EXPECT_TRUE(engine->reserve(*one));
  EXPECT_FALSE(engine->reserve(*world.batch(noon, 1))) << "no space in partition 1";
  EXPECT_EQ(engine->status()[0].queue_bytes, 0U);
  EXPECT_EQ(engine->status()[1].queue_bytes, 2 * 148U);
  engine->cancel(*one);
  EXPECT_TRUE(engine->reserve(*world.batch(noon, 1)));
}

TEST(Engine, TakesABatchLargerThanTheQueueWhenItIsEmpty) {
  World world;
  world.options.queue_bytes = 10;
  auto engine = world.engine();
  ASSERT_TRUE(engine->claim());
  EXPECT_TRUE(engine->reserve(*world.batch(noon, 1)));
  EXPECT_FALSE(engine->reserve(*world.batch(noon, 1)));
}

TEST(Engine, PublishesToSubscribers) {
  World world;
  std::mutex mutex;
  std::condition_variable came;
  double sum = 0;
  std::map<PartitionId, Millis> watermarks;
  const auto id = world.bus.subscribe({"cpu", "a"}, [&](const Update& update) {
    const std::lock_guard lock(mutex);
    watermarks[update.partition] = update.watermark;
    for (const auto& bucket : update.buckets) sum = bucket.rollup->sum;
    came.notify_one();
  });
  auto engine = world.running();
  world.clock.advance(seconds(1));
  world.send(*engine, noon, 7);
  std::unique_lock lock(mutex);
  while (!came.wait_for(lock, Duration{1}, [&] { return sum == 7; })) world.clock.advance(Duration{100});
  while (!came.wait_for(lock, Duration{1}, [&] { return watermarks[PartitionId{1}] > noon + seconds(10); })) {
    world.clock.advance(Duration{100});  // partition 1 is idle: its watermark comes without rows
  }
  lock.unlock();
  world.bus.unsubscribe(id);
}

TEST(Engine, RemembersProducersOverAllPartitions) {
  World world;
  {
    auto engine = world.running();
    auto batch = std::make_shared<EventBatch>(*world.batch(noon, 1));
    batch->producer = "till 4";
    batch->sequence = 9;
    batch->sections.erase(batch->sections.begin());
    ASSERT_TRUE(engine->reserve(*batch));
    engine->deliver(Offset{0}, batch);
    ASSERT_TRUE(engine->stop(patience));
  }
  auto engine = world.engine();
  ASSERT_TRUE(engine->claim());
  EXPECT_EQ(engine->producers().check("till 4", 9), ProducerMemory::Outcome::duplicate);
}

TEST(Engine, AnswersAfterItsEnd) {
  World world;
  auto engine = world.running();
  world.send(*engine, noon, 1);
  ASSERT_TRUE(engine->stop(patience));
  EXPECT_EQ(engine->live(world.all_rows(), patience).error().code, ErrorCode::unavailable);
  EXPECT_FALSE(engine->commit_now(patience));
  EXPECT_TRUE(engine->stop(patience));
  EXPECT_EQ(engine->status()[0].committed, Offset{1});
  EXPECT_THAT(world.metrics.text(), ::testing::HasSubstr("millrace_queue_bytes"));
  engine.reset();
  EXPECT_NE(world.metrics.text(), "") << "a scrape after the engine is gone";
}

TEST(Engine, GivesUpStoppingAtTheDeadline) {
  World world;
  auto engine = world.running();
  world.store.fail_commits(1'000'000, ErrorCode::io);
  world.send(*engine, noon, 1);
  EXPECT_EQ(engine->stop(Duration{50}).error().code, ErrorCode::deadline);
}

TEST(Engine, ServesReadersWhileItFoldsAndCommits) {
  World world;
  world.options.commit_events = 40;
  world.options.tick = Duration{1};
  auto engine = world.running();
  const auto id = world.bus.subscribe({"cpu", {}}, [](const Update& update) {
    for (const auto& bucket : update.buckets) EXPECT_EQ(bucket.rollup->digest.count(), bucket.rollup->count);
  });
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done) {
      const auto live = engine->live(world.all_rows(), patience);
      ASSERT_TRUE(live);
      for (const auto& row : live->rows) EXPECT_EQ(row->rollup.digest.count(), row->rollup.count);
      EXPECT_TRUE(engine->live(world.all_rows(Level::raw), patience));
      EXPECT_EQ(engine->status().size(), 2U);
    }
  });
  for (int i = 0; i < 2'000; ++i) {
    world.send(*engine, noon + Duration{100 * i}, i);
    world.clock.advance(Duration{100});
    if (i % 200 == 0) EXPECT_TRUE(engine->commit_now(patience));
  }
  done = true;
  reader.join();
  ASSERT_TRUE(engine->stop(patience));
  world.bus.unsubscribe(id);
  world.expect_store_equals_oracle();
}

}  // namespace
}  // namespace millrace
