#include "push/hub.hpp"
#include "push/hub_fixture.hpp"
#include "query/engine_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

namespace millrace {
namespace {

using testing::HubRig;
using testing::only;
using testing::Pipeline;
using testing::read;
using testing::Seen;
using testing::SeenPoint;

/// For ThreadSanitizer: everything that threads may do at once, done at once.
TEST(HubThreads, TickWorkPublishSubscribeAndTakeAtOnce) {
  HubRig rig;
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    while (!done) rig.core->tick();
  });
  threads.emplace_back([&] {
    while (!done) {
      if (!rig.core->work()) std::this_thread::yield();
    }
  });
  for (unsigned reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&, reader] {
      std::mt19937 random(reader);
      while (!done) {
        StreamRequest request;
        request.plain = random() % 4 == 0;
        request.topics = {{"m", std::nullopt, random() % 2 == 0}};
        if (random() % 2 == 0) request.topics.push_back({"m", std::nullopt, false});
        std::atomic<int> wakes{0};
        auto subscriber = rig.subscribe(request, [&wakes] { ++wakes; });
        std::map<std::pair<std::uint64_t, std::int64_t>, std::uint64_t> revisions;
        for (int i = 0; i < 20 && !done; ++i) {
          for (const Seen& seen : read(subscriber->take())) {
            for (const SeenPoint& point : seen.points) {
              std::uint64_t& known = revisions[{seen.topic.value_or(0), point.at}];
              EXPECT_GE(point.revision, known);
              known = point.revision;
            }
          }
          std::this_thread::yield();
        }
      }
    });
  }
  for (int i = 0; i < 600; ++i) {
    rig.clock.advance(Duration{100});
    rig.event(i / 10, 1, static_cast<std::uint16_t>(i % 3), i % 5 != 0);
    if (i % 10 == 0) rig.final_until(i / 10 - 3);
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  rig.core->stop();
  EXPECT_EQ(rig.core->subscribers(), 0U);
}

/// The whole way: an event into the engine, a frame at the subscriber.
TEST(Hub, ShowsAnEventOfTheEngineToASubscriber) {
  Pipeline world(2);
  Metrics metrics;
  Hub hub(world.bus, *world.queries, world.clock, metrics, Duration{10});
  const SeriesId id = world.series("m", "s");
  world.send({{PartitionId{0}, id, Pipeline::start, 1}});

  std::mutex mutex;
  std::condition_variable woken;
  bool awake = true;
  StreamRequest request;
  request.topics = {{"m", std::nullopt, false}};
  auto subscriber = hub.subscribe(request, [&] {
    const std::scoped_lock lock(mutex);
    awake = true;
    woken.notify_one();
  });
  ASSERT_TRUE(subscriber);
  // Time stands still between two events, so a wake can only mean something to take.
  const auto wait_for = [&](std::uint64_t count, bool final) {
    for (int i = 0; i < 2'000; ++i) {
      for (const Seen& seen : read((*subscriber)->take())) {
        for (const SeenPoint& point : seen.points) {
          if (point.at == 0 && point.count == count && point.final == final) return true;
        }
      }
      world.clock.advance(Duration{10});
      std::unique_lock lock(mutex);
      woken.wait_for(lock, Duration{20}, [&] { return awake; });
      awake = false;
    }
    return false;
  };
  EXPECT_TRUE(wait_for(1, false));
  world.send({{PartitionId{1}, id, Pipeline::start + Duration{1'000}, 2}});
  EXPECT_TRUE(wait_for(2, false));
  // Both partitions pass the end of the bucket.
  world.clock.advance(Duration{20'000});
  world.send({{PartitionId{0}, id, Pipeline::start + Duration{15'000}, 3},
              {PartitionId{1}, id, Pipeline::start + Duration{15'000}, 3}});
  EXPECT_TRUE(wait_for(2, true));
  world.send({{PartitionId{1}, id, Pipeline::start + Duration{2'000}, 4}});
  EXPECT_TRUE(wait_for(3, true));
  EXPECT_EQ(hub.subscribers(), 1U);
  subscriber->reset();
  EXPECT_EQ(hub.subscribers(), 0U);
  hub.stop();
  EXPECT_FALSE(hub.subscribe(request, {}));
}

}  // namespace
}  // namespace millrace
