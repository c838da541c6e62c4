#include "stream/publisher.hpp"

#include "bus/in_process_bus.hpp"
#include "stream/memory_store.hpp"
#include "stream/partition_fixture.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace millrace {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::Event;
using testing::section_of;

constexpr Millis noon{1'790'000'040'000};

/// A partition, its publisher and one who listens.
struct Stage {
  Catalog catalog;
  MemoryStore store;
  InProcessBus bus;
  EngineOptions options;
  Duration steady{1'000'000};
  std::uint64_t offset = 0;
  SeriesId a = catalog.intern({"cpu", "a", {}}, noon).id;
  SeriesId b1 = catalog.intern({"cpu", "b", {{"core", "1"}}}, noon).id;
  SeriesId b2 = catalog.intern({"cpu", "b", {{"core", "2"}}}, noon).id;
  std::optional<Partition> partition;
  std::optional<Publisher> publisher;
  std::vector<Update> got;

  Stage() { restart(); }

  void restart() {
    const PartitionState state = *store.claim(PartitionId{0});
    partition.emplace(PartitionId{0}, options, catalog, store, state, ProducerMemory{}, steady);
    publisher.emplace(bus, catalog);
    offset = state.next.value;
  }
  std::uint64_t listen(const Topic& topic) {
    return bus.subscribe(topic, [this](const Update& update) { got.push_back(update); });
  }
  void fold(const std::vector<Event>& events, Millis arrival = noon) {
    ASSERT_TRUE(partition->fold(Offset{offset++}, section_of(events), arrival, "", 0, steady));
  }
  void commit_and_evict() {
    partition->freeze(0, steady);
    ASSERT_TRUE(store.commit(*build_commit(*partition->frozen(), catalog, store)));
    partition->on_committed(steady);
    steady += options.keep_after_commit;
    while (partition->evict(steady)) {
    }
  }
  std::vector<Update> publish() {
    got.clear();
    publisher->publish(*partition, noon + seconds(1));
    return got;
  }
};

TEST(Publisher, GivesANewSubscriberAllThatIsInMemory) {
  Stage stage;
  stage.fold({{stage.a, noon, 1}, {stage.b1, noon, 2}, {stage.a, noon + seconds(10), 3}});
  stage.listen({"cpu", {}});
  const auto updates = stage.publish();
  ASSERT_EQ(updates.size(), 1U);
  EXPECT_EQ(*updates[0].topic, (Topic{"cpu", {}}));
  EXPECT_EQ(updates[0].partition, PartitionId{0});
  EXPECT_EQ(updates[0].epoch, Epoch{1});
  EXPECT_EQ(updates[0].watermark, noon - seconds(2));
  EXPECT_EQ(updates[0].event_time, noon + seconds(10));
  EXPECT_EQ(updates[0].published, noon + seconds(1));
  ASSERT_EQ(updates[0].buckets.size(), 2U);
  EXPECT_EQ(updates[0].buckets[0].start, noon);
  EXPECT_EQ(updates[0].buckets[0].rollup->sum, 3);
  EXPECT_EQ(updates[0].buckets[1].rollup->sum, 3);
}

TEST(Publisher, PublishesOnlyWhatChanged) {
  Stage stage;
  stage.listen({"cpu", {}});
  stage.fold({{stage.a, noon, 1}, {stage.a, noon + seconds(10), 2}});
  EXPECT_EQ(stage.publish().size(), 1U);
  EXPECT_TRUE(stage.publish().empty());
  stage.fold({{stage.a, noon + seconds(11), 5}});
  const auto updates = stage.publish();
  ASSERT_EQ(updates.size(), 1U);
  ASSERT_EQ(updates[0].buckets.size(), 1U);
  EXPECT_EQ(updates[0].buckets[0].start, noon + seconds(10));
  EXPECT_EQ(updates[0].buckets[0].rollup->count, 2U);
}

TEST(Publisher, SaysNothingOfTopicsThatDidNotChange) {
  Stage stage;
  stage.listen({"cpu", "a"});
  stage.listen({"cpu", "b"});
  stage.publish();
  stage.fold({{stage.a, noon, 1}});
  ASSERT_EQ(stage.publish().size(), 2U) << "a's row, and to both the watermark";
  stage.fold({{stage.a, noon + seconds(1), 1}}, noon + seconds(1));
  const auto updates = stage.publish();
  ASSERT_EQ(updates.size(), 1U);
  EXPECT_EQ(*updates[0].topic, (Topic{"cpu", "a"}));
}

TEST(Publisher, SendsAWatermarkThatPassesTheEndOfABucketThoughNoRowChanged) {
  Stage stage;
  stage.listen({"cpu", {}});
  stage.fold({{stage.a, noon, 1}});
  stage.publish();
  stage.steady += seconds(30);
  stage.partition->idle(noon + seconds(30), stage.steady);
  const auto updates = stage.publish();
  ASSERT_EQ(updates.size(), 1U);
  EXPECT_TRUE(updates[0].buckets.empty());
  EXPECT_EQ(updates[0].watermark, noon + seconds(23));
  EXPECT_TRUE(stage.publish().empty());
}

TEST(Publisher, MergesTheSeriesOfASourceNewOnesToo) {
  Stage stage;
  stage.listen({"cpu", "b"});
  stage.fold({{stage.b1, noon, 1}, {stage.b2, noon, 2}, {stage.a, noon, 100}});
  EXPECT_EQ(stage.publish().at(0).buckets.at(0).rollup->sum, 3);
  const SeriesId b3 = stage.catalog.intern({"cpu", "b", {{"core", "3"}}}, noon).id;
  stage.fold({{b3, noon, 4}});
  const auto updates = stage.publish();
  EXPECT_EQ(updates.at(0).buckets.at(0).rollup->sum, 7);
  EXPECT_EQ(updates.at(0).buckets.at(0).rollup->digest.count(), 3U);
}

TEST(Publisher, FindsAMetricThatComesAfterItsSubscriber) {
  Stage stage;
  stage.listen({"mem", {}});
  stage.publish();
  const SeriesId mem = stage.catalog.intern({"mem", "a", {}}, noon).id;
  stage.fold({{mem, noon, 4}});
  EXPECT_EQ(stage.publish().at(0).buckets.at(0).rollup->sum, 4);
}

TEST(Publisher, PublishesALateCorrectionWholeThoughTheOtherRowsHaveLeft) {
  Stage stage;
  stage.fold({{stage.b1, noon, 1}, {stage.b2, noon, 2}, {stage.a, noon + seconds(80), 1}}, noon + seconds(80));
  stage.commit_and_evict();
  stage.listen({"cpu", "b"});
  stage.publish();
  stage.fold({{stage.b1, noon + seconds(1), 10}}, noon + seconds(80));
  const auto updates = stage.publish();
  ASSERT_EQ(updates.at(0).buckets.size(), 1U);
  EXPECT_EQ(updates[0].buckets[0].rollup->sum, 13);
  EXPECT_GT(updates[0].watermark, noon + seconds(10));
}

TEST(Publisher, TriesAgainWhenTheOtherRowsCannotBeRead) {
  Stage stage;
  stage.fold({{stage.b1, noon, 1}, {stage.b2, noon, 2}, {stage.a, noon + seconds(80), 1}}, noon + seconds(80));
  stage.commit_and_evict();
  stage.listen({"cpu", "b"});
  stage.publish();
  stage.fold({{stage.b1, noon + seconds(1), 10}}, noon + seconds(80));
  stage.store.fail_reads(1, ErrorCode::unavailable);
  for (const Update& update : stage.publish()) EXPECT_TRUE(update.buckets.empty()) << "a part is worse than nothing";
  EXPECT_EQ(stage.publish().at(0).buckets.at(0).rollup->sum, 13);
}

TEST(Publisher, GivesOpenRowsThatAnOwnerBeforeItCommitted) {
  Stage stage;
  stage.fold({{stage.a, noon, 1}, {stage.b1, noon, 2}});
  stage.commit_and_evict();
  stage.restart();
  stage.listen({"cpu", {}});
  const auto updates = stage.publish();
  EXPECT_EQ(updates.at(0).epoch, Epoch{2});
  ASSERT_EQ(updates.at(0).buckets.size(), 1U);
  EXPECT_EQ(updates[0].buckets[0].rollup->sum, 3);
}

TEST(Publisher, GivesEverythingAgainToASecondSubscriber) {
  Stage stage;
  stage.fold({{stage.a, noon, 1}});
  stage.listen({"cpu", {}});
  stage.publish();
  std::vector<Update> second;
  const auto id = stage.bus.subscribe({"cpu", {}}, [&](const Update& update) { second.push_back(update); });
  stage.publish();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].buckets.at(0).rollup->sum, 1);
  stage.bus.unsubscribe(id);
}

TEST(Publisher, KeepsWhatItWatchesWhenFurtherTopicsCome) {
  Stage stage;
  stage.fold({{stage.a, noon, 1}, {stage.b1, noon, 2}});
  stage.listen({"cpu", "a"});
  EXPECT_EQ(stage.publish().size(), 1U);
  stage.listen({"cpu", "b"});
  stage.listen({"cpu", {}});
  EXPECT_EQ(stage.publish().size(), 2U);
}

TEST(Publisher, NeverChangesWhatItPublished) {
  Stage stage;
  stage.listen({"cpu", "a"});
  stage.fold({{stage.a, noon, 1}});
  const auto first = stage.publish();
  stage.fold({{stage.a, noon, 2}});
  EXPECT_EQ(first.at(0).buckets.at(0).rollup->count, 1U);
  EXPECT_EQ(stage.publish().at(0).buckets.at(0).rollup->count, 2U);
}

}  // namespace
}  // namespace millrace
