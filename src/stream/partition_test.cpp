#include "stream/partition.hpp"

#include "stream/memory_store.hpp"
#include "stream/partition_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace millrace {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::Event;
using testing::Oracle;
using testing::section_of;

constexpr Millis noon{1'790'000'040'000};  // a whole minute
static_assert(noon.value % 60'000 == 0);

/// One partition, its store and its log, by hand.
struct Bench {
  Catalog catalog;
  MemoryStore store;
  EngineOptions options;
  Duration steady{1'000'000};
  std::vector<std::pair<std::shared_ptr<const Section>, Millis>> log;
  std::optional<Partition> partition;
  SeriesId a = catalog.intern({"cpu", "a", {}}, noon).id;
  SeriesId b = catalog.intern({"cpu", "b", {}}, noon).id;
  SeriesId c = catalog.intern({"cpu", "b", {{"core", "1"}}}, noon).id;
  SeriesId d = catalog.intern({"mem", "a", {}}, noon).id;
  SeriesId cpu = catalog.total(*catalog.find_metric("cpu"));
  SeriesId mem = catalog.total(*catalog.find_metric("mem"));

  Bench() { restart(); }

  /// As after a crash: what was not committed is folded again from the log.
  void restart() {
    const PartitionState state = *store.claim(PartitionId{0});
    ProducerMemory producers;
    if (!state.producers.empty()) producers = *ProducerMemory::decode(state.producers);
    partition.emplace(PartitionId{0}, options, catalog, store, state, std::move(producers), steady);
    for (std::uint64_t at = state.next.value; at < log.size(); ++at) {
      ASSERT_TRUE(partition->fold(Offset{at}, log[at].first, log[at].second, "", 0, steady));
    }
  }
  Result<Partition::Folded> fold(const std::vector<Event>& events, Millis arrival) {
    log.emplace_back(section_of(events), arrival);
    return partition->fold(Offset{log.size() - 1}, log.back().first, arrival, "", 0, steady);
  }
  void freeze() { partition->freeze(0, steady); }
  Result<void> store_frozen() {
    auto commit = build_commit(*partition->frozen(), catalog, store);
    if (!commit) return fail(commit.error());
    return store.commit(*commit);
  }
  void commit() {
    if (!partition->committing()) freeze();
    ASSERT_TRUE(store_frozen());
    partition->on_committed(steady);
  }
  void evict_all() {
    steady += options.keep_after_commit;
    while (partition->evict(steady)) {
    }
  }

  std::vector<Row> stored(Level level, SeriesId series) const {
    std::vector<Row> out;
    for (Row& row : store.all(level)) {
      if (row.series == series) out.push_back(std::move(row));
    }
    return out;
  }
};

TEST(Partition, FoldsIntoTheRowOfTheSeriesAndTheTotalOfTheMetric) {
  Bench bench;
  const auto folded = bench.fold({{bench.a, noon, 1}, {bench.b, noon + seconds(1), 2}, {bench.d, noon, 7}}, noon);
  ASSERT_TRUE(folded);
  EXPECT_EQ(folded->events, 3U);
  EXPECT_EQ(bench.partition->rows().share(bench.a, noon)->rollup.sum, 1);
  EXPECT_EQ(bench.partition->rows().share(bench.cpu, noon)->rollup.sum, 3);
  EXPECT_EQ(bench.partition->rows().share(bench.mem, noon)->rollup.sum, 7);
  EXPECT_EQ(bench.partition->next(), Offset{1});
}

TEST(Partition, PutsAnEventAtTheEndOfABucketIntoTheNextOne) {
  Bench bench;
  ASSERT_TRUE(bench.fold({{bench.a, noon + Duration{9'999}, 1}, {bench.a, noon + seconds(10), 2}}, noon));
  EXPECT_EQ(bench.partition->rows().share(bench.a, noon)->rollup.count, 1U);
  EXPECT_EQ(bench.partition->rows().share(bench.a, noon + seconds(10))->rollup.sum, 2);
}

TEST(Partition, CountsLateEventsAndFoldsThemAllTheSame) {
  Bench bench;
  ASSERT_TRUE(bench.fold({{bench.a, noon + seconds(12), 1}}, noon + seconds(12)));  // watermark: noon + 10 s
  const auto folded = bench.fold({{bench.a, noon + seconds(9), 2}, {bench.a, noon + seconds(10), 3}}, noon);
  ASSERT_TRUE(folded);
  EXPECT_EQ(folded->late, 1U);
  EXPECT_EQ(bench.partition->rows().share(bench.a, noon)->rollup.sum, 2);
}

TEST(Partition, CountsNothingLateWithinTheSectionThatMovesTheWatermark) {
  Bench bench;
  const auto folded = bench.fold({{bench.a, noon + seconds(60), 1}, {bench.a, noon, 2}}, noon + seconds(60));
  EXPECT_EQ(folded->late, 0U);
}

TEST(Partition, PassesOverASectionThatIsFoldedAlready) {
  Bench bench;
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}}, noon));
  EXPECT_EQ(bench.partition->fold(Offset{0}, bench.log[0].first, noon, "", 0, bench.steady)->events, 0U);
  EXPECT_EQ(bench.partition->rows().share(bench.a, noon)->rollup.count, 1U);
}

TEST(Partition, NeverWritesToARowThatItHandedOut) {
  Bench bench;
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}}, noon));
  const auto before = bench.partition->live({Level::ten_seconds, {bench.cpu, bench.a}, noon, noon + seconds(10), true});
  ASSERT_EQ(before.rows.size(), 2U);
  ASSERT_TRUE(bench.fold({{bench.a, noon, 2}}, noon));
  EXPECT_EQ(before.rows[0]->rollup.count, 1U);
  EXPECT_EQ(before.rows[1]->rollup.digest.count(), 1U);
  bench.commit();
  EXPECT_EQ(bench.stored(Level::ten_seconds, bench.a).at(0).rollup.count, 2U) << "the copy is what is committed";
}

TEST(Partition, FoldsOnWhileACommitIsUnderWay) {
  Bench bench;
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}}, noon));
  bench.freeze();
  ASSERT_TRUE(bench.fold({{bench.a, noon, 2}}, noon));
  bench.commit();
  EXPECT_EQ(bench.stored(Level::ten_seconds, bench.a).at(0).rollup.count, 1U);
  EXPECT_EQ(bench.partition->committed(), Offset{1});
  EXPECT_EQ(bench.partition->rows().share(bench.a, noon)->rollup.count, 2U);
  EXPECT_TRUE(bench.partition->dirty());
  bench.commit();
  EXPECT_EQ(bench.stored(Level::ten_seconds, bench.a).at(0).rollup.count, 2U);
  EXPECT_FALSE(bench.partition->dirty());
}

TEST(Partition, CommitsOnlyWhatWasTouchedSinceTheCommitBefore) {
  Bench bench;
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}, {bench.d, noon, 1}}, noon));
  bench.commit();
  ASSERT_TRUE(bench.fold({{bench.a, noon, 2}}, noon));
  bench.freeze();
  EXPECT_EQ(bench.partition->frozen()->rows.rows.size(), 2U) << "a and its total";
}

TEST(Partition, WritesMinutesWhenTheWatermarkClosesThem) {
  Bench bench;
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}, {bench.a, noon + seconds(55), 3}}, noon + seconds(55)));
  bench.commit();
  EXPECT_TRUE(bench.stored(Level::minute, bench.a).empty());
  ASSERT_TRUE(bench.fold({{bench.b, noon + seconds(62), 5}}, noon + seconds(62)));
  bench.commit();
  const auto minute = bench.stored(Level::minute, bench.a);
  ASSERT_EQ(minute.size(), 1U);
  EXPECT_EQ(minute[0].bucket, noon);
  EXPECT_EQ(minute[0].rollup.count, 2U);
  EXPECT_EQ(minute[0].rollup.last, 3);
  EXPECT_EQ(bench.stored(Level::minute, bench.cpu).at(0).rollup.count, 2U);
  EXPECT_TRUE(bench.stored(Level::minute, bench.b).empty());
}

TEST(Partition, WritesTheMinuteAgainAfterALateEventThoughItsRowsHaveLeft) {
  Bench bench;
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}, {bench.a, noon + seconds(50), 3}}, noon + seconds(50)));
  ASSERT_TRUE(bench.fold({{bench.a, noon + seconds(70), 5}}, noon + seconds(70)));
  bench.commit();
  bench.evict_all();
  EXPECT_FALSE(bench.partition->rows().contains(bench.a, noon));
  const auto late = bench.fold({{bench.a, noon + seconds(1), 10}}, noon + seconds(71));
  EXPECT_EQ(late->late, 1U);
  bench.commit();
  EXPECT_EQ(bench.stored(Level::ten_seconds, bench.a).at(0).rollup.sum, 11);
  EXPECT_EQ(bench.stored(Level::minute, bench.a).at(0).rollup.sum, 14);
  EXPECT_EQ(bench.stored(Level::minute, bench.cpu).at(0).rollup.sum, 14);
}

TEST(Partition, AddsALateEventToAMinuteWhoseTenSecondRowsAreDropped) {
  Bench bench;
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}, {bench.a, noon + seconds(50), 3}}, noon + seconds(50)));
  ASSERT_TRUE(bench.fold({{bench.d, noon + minutes(80), 5}}, noon + minutes(80)));
  bench.commit();
  bench.evict_all();
  Retention retention;
  retention.ten_seconds = minutes(60);
  ASSERT_TRUE(bench.store.maintain(noon + minutes(80), noon, retention));
  ASSERT_TRUE(bench.stored(Level::ten_seconds, bench.a).empty());
  for (const double value : {10.0, 20.0}) {
    ASSERT_TRUE(bench.fold({{bench.a, noon + seconds(51), value}}, noon + minutes(80)));
    bench.commit();
  }
  for (const SeriesId id : {bench.a, bench.cpu}) {
    const Rollup minute = bench.stored(Level::minute, id).at(0).rollup;
    EXPECT_EQ(minute.count, 4U);
    EXPECT_EQ(minute.sum, 34);
    EXPECT_EQ(minute.min, 1);
    EXPECT_EQ(minute.last, 20);
    EXPECT_EQ(minute.digest.count(), 4U);
  }
}

TEST(Partition, WritesMinutesThatAnOwnerBeforeItLeftOpen) {
  Bench bench;
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}}, noon));
  bench.commit();
  bench.restart();
  ASSERT_TRUE(bench.fold({{bench.d, noon + seconds(120), 1}}, noon + seconds(120)));
  bench.commit();
  EXPECT_EQ(bench.stored(Level::minute, bench.a).at(0).rollup.sum, 1);
}

TEST(Partition, FoldsALateEventWhileItsMinuteIsWritten) {
  Bench bench;
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}}, noon));
  bench.commit();
  ASSERT_TRUE(bench.fold({{bench.d, noon + seconds(62), 1}}, noon + seconds(62)));
  bench.freeze();  // not a's row, but the minute that it is in
  ASSERT_TRUE(bench.fold({{bench.a, noon, 2}}, noon + seconds(62)));
  bench.commit();
  EXPECT_EQ(bench.stored(Level::minute, bench.a).at(0).rollup.sum, 1);
  bench.commit();
  EXPECT_EQ(bench.stored(Level::minute, bench.a).at(0).rollup.sum, 3);
}

TEST(Partition, ClosesTheLastMinuteThoughNothingComesAnyMore) {
  Bench bench;
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}}, noon));
  bench.commit();
  EXPECT_FALSE(bench.partition->dirty());
  bench.steady += minutes(2);
  bench.partition->idle(noon + minutes(2), bench.steady);
  EXPECT_TRUE(bench.partition->commit_due(bench.steady));
  bench.commit();
  EXPECT_EQ(bench.stored(Level::minute, bench.a).at(0).rollup.sum, 1);
  EXPECT_FALSE(bench.partition->dirty());
}

TEST(Partition, ReadsAStoredRowOnlyIfItMayBeThere) {
  Bench bench;
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}}, noon));
  bench.commit();
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}, {bench.b, noon, 2}, {bench.a, noon + seconds(10), 1}}, noon));
  EXPECT_EQ(bench.store.reads(), 0U) << "all of them are in memory, or new";
  bench.restart();
  const auto reads = bench.store.reads();
  EXPECT_GT(reads, 0U);
  ASSERT_TRUE(bench.fold({{bench.a, noon + seconds(20), 1}}, noon + seconds(20)));
  EXPECT_EQ(bench.store.reads(), reads) << "later than anything that was committed";
}

TEST(Partition, ChangesNothingWhenAStoredRowCannotBeRead) {
  Bench bench;
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}}, noon));
  bench.commit();
  bench.restart();
  bench.store.fail_reads(1, ErrorCode::unavailable);
  const auto section = section_of({{bench.a, noon, 2}});
  const auto failed = bench.partition->fold(Offset{1}, section, noon, "", 0, bench.steady);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::unavailable);
  EXPECT_EQ(bench.partition->next(), Offset{1});
  ASSERT_TRUE(bench.partition->fold(Offset{1}, section, noon, "", 0, bench.steady));
  EXPECT_EQ(bench.partition->rows().share(bench.a, noon)->rollup.sum, 3);
}

TEST(Partition, KeepsRowsForAWhileAfterTheirCommitAndThenLetsThemGo) {
  Bench bench;
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}}, noon));
  ASSERT_TRUE(bench.fold({{bench.a, noon + seconds(70), 1}}, noon + seconds(70)));
  bench.commit();
  bench.steady += bench.options.keep_after_commit - Duration{1};
  EXPECT_FALSE(bench.partition->evict(bench.steady));
  EXPECT_EQ(bench.partition->rows().size(), 4U);
  bench.steady += Duration{1};
  while (bench.partition->evict(bench.steady)) {
  }
  EXPECT_EQ(bench.partition->rows().size(), 2U) << "those of the open minute stay";
}

TEST(Partition, LetsRowsOfClocksThatRunAheadGo) {
  Bench bench;
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}, {bench.a, noon + minutes(50), 2}}, noon));
  bench.commit();
  bench.evict_all();
  EXPECT_FALSE(bench.partition->rows().contains(bench.a, noon + minutes(50)));
  ASSERT_TRUE(bench.fold({{bench.a, noon + minutes(50) + seconds(20), 3}}, noon));
  ASSERT_TRUE(bench.fold({{bench.a, noon + minutes(52), 4}}, noon + minutes(52)));
  bench.commit();
  EXPECT_EQ(bench.stored(Level::minute, bench.a).at(1).rollup.sum, 5);
}

TEST(Partition, AnswersRawPointsThatAreNotCommittedAndSaysFromWhere) {
  Bench bench;
  const LiveRequest request{Level::raw, {bench.a, bench.b}, noon, noon + seconds(10), false};
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}, {bench.d, noon, 9}}, noon));
  bench.commit();
  ASSERT_TRUE(bench.fold({{bench.b, noon + seconds(1), 2}, {bench.a, noon + seconds(10), 9}}, noon));
  bench.freeze();
  ASSERT_TRUE(bench.fold({{bench.a, noon, 3}}, noon));
  const LiveRows live = bench.partition->live(request);
  EXPECT_THAT(live.raw, ::testing::ElementsAre(RawPoint{bench.b, noon + seconds(1), 2}, RawPoint{bench.a, noon, 3}));
  EXPECT_THAT(live.raw_from, ::testing::ElementsAre(Offset{1}));
  bench.commit();
  EXPECT_EQ(bench.partition->live(request).raw.size(), 1U);
}

TEST(Partition, CommitsRawPointsBySeriesAndTimeEqualTimesAsAccepted) {
  Bench bench;
  ASSERT_TRUE(bench.fold({{bench.b, noon, 1}, {bench.a, noon + seconds(1), 2}, {bench.a, noon, 3}}, noon));
  ASSERT_TRUE(bench.fold({{bench.a, noon, 4}}, noon));
  bench.freeze();
  const auto commit = build_commit(*bench.partition->frozen(), bench.catalog, bench.store);
  EXPECT_THAT(commit->raw, ::testing::ElementsAre(RawPoint{bench.a, noon, 3}, RawPoint{bench.a, noon, 4},
                                                  RawPoint{bench.a, noon + seconds(1), 2}, RawPoint{bench.b, noon, 1}));
}

TEST(Partition, CommitsDefinitionsFromTheFirstThatIsNotStored) {
  Bench bench;
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}}, noon));
  bench.partition->freeze(2, bench.steady);
  const auto commit = build_commit(*bench.partition->frozen(), bench.catalog, bench.store);
  ASSERT_EQ(commit->definitions.size(), bench.catalog.size() - 2);
  EXPECT_EQ(commit->definitions.front(), bench.catalog.at(SeriesId{2}));
}

TEST(Partition, RemembersProducersAcrossACommit) {
  Bench bench;
  const auto section = section_of({{bench.a, noon, 1}});
  ASSERT_TRUE(bench.partition->fold(Offset{0}, section, noon, "till 4", 17, bench.steady));
  bench.commit();
  const auto memory = ProducerMemory::decode(bench.store.state(PartitionId{0})->producers);
  EXPECT_EQ(memory->check("till 4", 17), ProducerMemory::Outcome::duplicate);
  EXPECT_EQ(memory->check("till 4", 18), ProducerMemory::Outcome::fresh);
}

TEST(Partition, IsDueByInterval) {
  Bench bench;
  EXPECT_FALSE(bench.partition->commit_due(bench.steady + minutes(10))) << "nothing to commit";
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}}, noon));
  EXPECT_FALSE(bench.partition->commit_due(bench.steady));
  EXPECT_TRUE(bench.partition->commit_due(bench.steady + bench.options.commit_interval));
}

TEST(Partition, IsDueByEventsAndFullBehindACommitUnderWay) {
  Bench bench;
  bench.options.commit_events = 2;
  bench.restart();
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}}, noon));
  EXPECT_FALSE(bench.partition->commit_due(bench.steady));
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}}, noon));
  EXPECT_TRUE(bench.partition->commit_due(bench.steady));
  EXPECT_FALSE(bench.partition->full());
  bench.freeze();
  ASSERT_TRUE(bench.fold({{bench.a, noon, 1}, {bench.a, noon, 1}}, noon));
  EXPECT_TRUE(bench.partition->full());
  bench.commit();
  EXPECT_FALSE(bench.partition->full());
}

}  // namespace
}  // namespace millrace
