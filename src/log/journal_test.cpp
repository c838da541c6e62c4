#include "log/journal.hpp"

#include "log/journal_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

TEST(Journal, AcknowledgesAndDeliversTheVeryBatchThatWasAppended) {
  FaultFiles disk;
  TestProcess process(disk);
  ASSERT_TRUE(process.run());
  const auto batch = process.batch(1);
  EXPECT_EQ(process.append(batch).get().value().offset, Offset{0});
  ASSERT_THAT(process.receiver.delivered, SizeIs(1));
  EXPECT_EQ(process.receiver.delivered[0].batch, batch);
  EXPECT_EQ(process.journal->end(), Offset{1});
}

TEST(Journal, ReplaysWhatWasAcknowledgedInOrderUnderTheNewProcessSeriesIds) {
  FaultFiles disk;
  TestProcess before(disk);
  ASSERT_TRUE(before.run());
  before.fill(0, 20);
  before.journal->stop();
  disk.lose_power();

  TestProcess after(disk, {}, 5'000);
  ASSERT_TRUE(after.run());
  EXPECT_EQ(after.replayed(), before.delivered());
  EXPECT_THAT(after.replayed(), SizeIs(20));
  EXPECT_THAT(after.journal->findings(), IsEmpty());
  EXPECT_EQ(after.journal->end(), Offset{20});
}

TEST(Journal, ReplaysForEachPartitionFromItsOwnStart) {
  FaultFiles disk;
  TestProcess before(disk);
  ASSERT_TRUE(before.run());
  before.fill(0, 3);
  ASSERT_TRUE(before.append(before.batch(3, 1)).get());  // of partition 0 alone
  before.journal->stop();

  TestProcess after(disk);
  ASSERT_TRUE(after.run({Offset{3}, Offset{1}}));
  ASSERT_THAT(after.receiver.replayed, SizeIs(3));
  EXPECT_EQ(after.receiver.replayed[0].offset, Offset{1});
  EXPECT_THAT(after.receiver.replayed[0].partitions, ElementsAre(PartitionId{1}));
  EXPECT_EQ(after.receiver.replayed[2].offset, Offset{3});
  EXPECT_THAT(after.receiver.replayed[2].partitions, ElementsAre(PartitionId{0}));
}

TEST(Journal, GoesOnWithTheNextNumberInANewSegment) {
  FaultFiles disk;
  for (std::int64_t round = 0; round < 3; ++round) {
    TestProcess process(disk, {}, static_cast<std::uint32_t>(round) * 100);
    ASSERT_TRUE(process.run({Offset{1'000}, Offset{1'000}, Offset{0}, Offset{0}}));
    const auto offset = process.append(process.batch(round)).get().value().offset;
    EXPECT_EQ(offset, Offset{1'000 + static_cast<std::uint64_t>(round)});
    EXPECT_THAT(process.segments(), SizeIs(static_cast<std::size_t>(round + 1)));
  }
}

TEST(Journal, NeverGivesANumberThatTheStoreHasSeen) {
  FaultFiles disk;
  TestProcess process(disk);
  ASSERT_TRUE(process.run({Offset{0}, Offset{500}, Offset{7}, Offset{0}}));
  EXPECT_EQ(process.append(process.batch(1)).get().value().offset, Offset{500});
}

TEST(Journal, WaitingBatchesShareOneSync) {
  FaultFiles disk;
  TestProcess process(disk);
  ASSERT_TRUE(process.run());
  process.fill(0, 1);
  Gate gate;
  disk.before_sync([&] { gate.wait(); });
  const auto before = disk.syncs();
  auto first = process.append(process.batch(1));
  gate.until_someone_waits();
  std::vector<std::future<Result<Appended>>> waiting;
  for (std::int64_t n = 2; n < 52; ++n) waiting.push_back(process.append(process.batch(n)));
  gate.open();
  EXPECT_EQ(first.get().value().offset, Offset{1});
  std::uint64_t next = 2;
  for (auto& one : waiting) EXPECT_EQ(one.get().value().offset, Offset{next++});
  EXPECT_EQ(disk.syncs() - before, 2U);
}

TEST(Journal, DeliversNothingBeforeItIsDurable) {
  FaultFiles disk;
  TestProcess process(disk);
  ASSERT_TRUE(process.run());
  process.fill(0, 1);
  Gate gate;
  disk.before_sync([&] { gate.wait(); });
  auto waiting = process.append(process.batch(1));
  gate.until_someone_waits();
  EXPECT_EQ(waiting.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  EXPECT_THAT(process.receiver.delivered, SizeIs(1));
  EXPECT_EQ(process.journal->end(), Offset{1});
  gate.open();
  EXPECT_TRUE(waiting.get());
}

TEST(Journal, AFullQueueRefusesAndKeepsNothing) {
  FaultFiles disk;
  JournalOptions options;
  options.queue_batches = 3;
  TestProcess process(disk, options);
  ASSERT_TRUE(process.run());
  process.fill(0, 1);
  Gate gate;
  disk.before_sync([&] { gate.wait(); });
  std::vector<std::future<Result<Appended>>> taken;
  for (std::int64_t n = 1; n <= 3; ++n) taken.push_back(process.append(process.batch(n)));
  EXPECT_EQ(process.append(process.batch(4)).get().error().code, ErrorCode::exhausted);
  gate.open();
  for (auto& one : taken) EXPECT_TRUE(one.get());
  EXPECT_EQ(process.append(process.batch(5)).get().value().offset, Offset{4});
}

TEST(Journal, AQueueFullOfBytesRefusesButTakesOneBatchOfAnySize) {
  FaultFiles disk;
  JournalOptions options;
  options.queue_bytes = 10;
  TestProcess process(disk, options);
  ASSERT_TRUE(process.run());
  process.fill(0, 1);
  Gate gate;
  disk.before_sync([&] { gate.wait(); });
  auto taken = process.append(process.batch(1));
  EXPECT_EQ(process.append(process.batch(2)).get().error().code, ErrorCode::exhausted);
  gate.open();
  EXPECT_TRUE(taken.get());
}

TEST(Journal, ABatchThatThePartitionsHaveNoRoomForIsRefusedWhole) {
  FaultFiles disk;
  TestProcess process(disk);
  ASSERT_TRUE(process.run());
  process.receiver.room = 1;
  EXPECT_TRUE(process.append(process.batch(1)).get());
  EXPECT_EQ(process.append(process.batch(2)).get().error().code, ErrorCode::exhausted);
  process.journal->stop();
  TestProcess after(disk);
  ASSERT_TRUE(after.run());
  EXPECT_THAT(after.receiver.replayed, SizeIs(1));
}

TEST(Journal, RefusesWhatIsNoBatch) {
  FaultFiles disk;
  TestProcess process(disk);
  ASSERT_TRUE(process.run());
  const auto refused = [&](EventBatch batch) {
    const auto result = process.append(std::make_shared<EventBatch>(std::move(batch))).get();
    return result ? std::string("taken") : result.error().message;
  };
  EXPECT_THAT(refused({}), HasSubstr("without events"));
  EXPECT_THAT(refused({Millis{1}, "", 0, {Section{PartitionId{0}, {}, {}, {}}}}), HasSubstr("without events"));
  EXPECT_THAT(refused({Millis{1}, "", 0, {Section{PartitionId{4}, {SeriesId{0}}, {Millis{1}}, {1}}}}),
              HasSubstr("partition 4 of 4"));
  EXPECT_THAT(refused({Millis{1}, "", 0, {Section{PartitionId{0}, {SeriesId{0}}, {Millis{1}}, {}}}}),
              HasSubstr("unequal"));
}

TEST(Journal, TakesNothingBeforeStartAndAfterStop) {
  FaultFiles disk;
  TestProcess process(disk);
  ASSERT_TRUE(process.open());
  EXPECT_EQ(process.append(process.batch(1)).get().error().code, ErrorCode::unavailable);
  ASSERT_TRUE(process.start());
  EXPECT_TRUE(process.append(process.batch(1)).get());
  process.journal->stop();
  EXPECT_EQ(process.append(process.batch(1)).get().error().code, ErrorCode::unavailable);
}

TEST(Journal, StopWaitsForWhatIsUnderWay) {
  FaultFiles disk;
  TestProcess process(disk);
  ASSERT_TRUE(process.run());
  process.fill(0, 1);
  Gate gate;
  disk.before_sync([&] { gate.wait(); });
  std::vector<std::future<Result<Appended>>> waiting;
  for (std::int64_t n = 1; n < 10; ++n) waiting.push_back(process.append(process.batch(n)));
  gate.until_someone_waits();
  std::thread stopping([&] { process.journal->stop(); });
  gate.open();
  stopping.join();
  for (auto& one : waiting) {
    ASSERT_EQ(one.wait_for(std::chrono::seconds(0)), std::future_status::ready);
    EXPECT_TRUE(one.get());
  }
}

TEST(Journal, ManyThreadsAppendAndEveryBatchIsDeliveredOnceInOffsetOrder) {
  FaultFiles disk;
  JournalOptions options;
  options.segment_bytes = 4'000;
  TestProcess process(disk, options);
  ASSERT_TRUE(process.run());
  std::vector<std::thread> threads;
  for (std::int64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&process, t] {
      for (std::int64_t n = 0; n < 50; ++n) {
        const auto result = process.append(process.batch(t * 1000 + n)).get();
        EXPECT_TRUE(result);
        if (n % 10 == 0) process.journal->release(PartitionId{0}, process.journal->end());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  process.journal->stop();
  ASSERT_THAT(process.receiver.delivered, SizeIs(200));
  for (std::size_t i = 0; i < 200; ++i) EXPECT_EQ(process.receiver.delivered[i].offset, Offset{i});
  TestProcess after(disk, options);
  ASSERT_TRUE(after.run());
  EXPECT_EQ(after.replayed(), process.delivered());
}

TEST(Journal, ARepeatedSequenceIsAcknowledgedAsDuplicateAlsoAfterARestart) {
  FaultFiles disk;
  {
    TestProcess process(disk);
    ASSERT_TRUE(process.run());
    EXPECT_FALSE(process.append(process.batch(1, 2, "agent", 5)).get().value().duplicate);
    EXPECT_TRUE(process.append(process.batch(1, 2, "agent", 5)).get().value().duplicate);
    EXPECT_FALSE(process.append(process.batch(1, 2, "other", 5)).get().value().duplicate);
    EXPECT_FALSE(process.append(process.batch(1, 2, "agent", 4)).get().value().duplicate);
    EXPECT_THAT(process.receiver.delivered, SizeIs(3));
  }
  TestProcess after(disk);
  ASSERT_TRUE(after.run());
  EXPECT_TRUE(after.append(after.batch(1, 2, "agent", 5)).get().value().duplicate);
  EXPECT_TRUE(after.append(after.batch(1, 2, "agent", 4)).get().value().duplicate);
  EXPECT_FALSE(after.append(after.batch(1, 2, "agent", 6)).get().value().duplicate);
}

TEST(Journal, RemembersProducersThatTheStoreRemembers) {
  FaultFiles disk;
  ProducerMemory seen;
  seen.note("agent", 9);
  TestProcess process(disk);
  ASSERT_TRUE(process.open(seen));
  ASSERT_TRUE(process.start());
  EXPECT_TRUE(process.append(process.batch(1, 2, "agent", 9)).get().value().duplicate);
}

TEST(Journal, ASequenceBelowTheWindowIsAConflict) {
  FaultFiles disk;
  TestProcess process(disk);
  ASSERT_TRUE(process.run());
  ASSERT_TRUE(process.append(process.batch(1, 2, "agent", 10'000)).get());
  const auto result = process.append(process.batch(1, 2, "agent", 1)).get();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::conflict);
  EXPECT_THAT(result.error().message, StartsWith("sequence_too_old"));
}

TEST(Journal, DuplicatesThatWaitTogetherAreWrittenOnceAndAcknowledgedTogether) {
  FaultFiles disk;
  TestProcess process(disk);
  ASSERT_TRUE(process.run());
  process.fill(0, 1);
  Gate gate;
  disk.before_sync([&] { gate.wait(); });
  auto first = process.append(process.batch(1));
  gate.until_someone_waits();
  auto one = process.append(process.batch(2, 2, "agent", 1));
  auto same = process.append(process.batch(2, 2, "agent", 1));
  gate.open();
  ASSERT_TRUE(first.get());
  EXPECT_EQ(one.get().value().offset, Offset{2});
  EXPECT_TRUE(same.get().value().duplicate);
  EXPECT_EQ(process.journal->end(), Offset{3});
}

TEST(Journal, DuplicatesThatWaitTogetherFailTogether) {
  FaultFiles disk;
  TestProcess process(disk);
  ASSERT_TRUE(process.run());
  process.fill(0, 1);
  Gate gate;
  disk.before_sync([&] { gate.wait(); });
  auto first = process.append(process.batch(1));
  gate.until_someone_waits();
  auto one = process.append(process.batch(2, 2, "agent", 1));
  auto same = process.append(process.batch(2, 2, "agent", 1));
  disk.fail_sync_after(1);
  gate.open();
  EXPECT_TRUE(first.get());
  EXPECT_EQ(one.get().error().code, ErrorCode::io);
  EXPECT_EQ(same.get().error().code, ErrorCode::io);
}

class Retention : public testing::Test {
 public:
  Retention() {
    JournalOptions options;
    options.partitions = 2;
    options.segment_bytes = 1;  // every batch begins a segment
    options.retention = Duration{1'000};
    process = std::make_unique<TestProcess>(disk, options);
    EXPECT_TRUE(process->run());
  }
  /// Batch n has arrived n ms after the clock's start.
  void fill(std::vector<std::int64_t> arrivals) {
    for (const std::int64_t n : arrivals) ASSERT_TRUE(process->append(process->batch(n)).get());
    process->clock.advance(Duration{100'000});
  }
  std::size_t after_release(std::uint64_t p0, std::uint64_t p1) {
    process->journal->release(PartitionId{0}, Offset{p0});
    process->journal->release(PartitionId{1}, Offset{p1});
    process->journal->stop();
    return process->segments().size();
  }
  FaultFiles disk;
  std::unique_ptr<TestProcess> process;
};

TEST_F(Retention, SegmentsGoWhenReleasedByAllAndOld) {
  fill({0, 1, 2'000, 5'000});
  EXPECT_EQ(after_release(4, 4), 1U);
}

TEST_F(Retention, SegmentsStayUntilEveryPartitionHasReleasedThem) {
  fill({0, 1, 2, 5'000});
  EXPECT_EQ(after_release(4, 1), 3U);
}

TEST_F(Retention, YoungSegmentsStayThoughReleased) {
  fill({0, 1, 4'500, 5'000});
  EXPECT_EQ(after_release(4, 4), 2U);
}

TEST_F(Retention, AClockThatJumpsAheadDropsNothing) {
  fill({4'500, 4'600, 5'000});
  process->clock.jump(Duration{1'000'000'000});
  EXPECT_EQ(after_release(3, 3), 3U);
}

TEST(Journal, APartitionWithoutEventsHoldsNoSegment) {
  FaultFiles disk;
  JournalOptions options;
  options.partitions = 2;
  options.segment_bytes = 1;
  options.retention = Duration{0};
  TestProcess process(disk, options);
  ASSERT_TRUE(process.run());
  for (std::int64_t n = 0; n < 5; ++n) ASSERT_TRUE(process.append(process.batch(n, 1)).get());
  process.clock.advance(Duration{100'000});
  process.journal->release(PartitionId{0}, Offset{5});
  process.journal->stop();
  EXPECT_THAT(process.segments(), SizeIs(1));
}

TEST(Journal, TooManyBytesDropReleasedSegmentsBeforeTheirTimeButNoOthers) {
  FaultFiles disk;
  JournalOptions options;
  options.segment_bytes = 1;
  options.max_bytes = 1;
  TestProcess process(disk, options);
  ASSERT_TRUE(process.run());
  process.fill(0, 6);
  process.journal->release(PartitionId{0}, Offset{4});
  process.journal->release(PartitionId{1}, Offset{3});
  process.journal->stop();
  EXPECT_THAT(process.segments(),
              ElementsAre(segment_name(Offset{3}), segment_name(Offset{4}), segment_name(Offset{5})));
  TestProcess after(disk, options);
  ASSERT_TRUE(after.run({Offset{4}, Offset{3}}));
  EXPECT_THAT(after.replayed(), SizeIs(3));
}

TEST(Journal, SaysWhenBlocksThatAPartitionNeedsAreNotThere) {
  FaultFiles disk;
  JournalOptions options;
  options.segment_bytes = 1;
  TestProcess process(disk, options);
  ASSERT_TRUE(process.run());
  process.fill(0, 4);
  process.journal->stop();
  ASSERT_TRUE(disk.remove(process.path(segment_name(Offset{0}))));

  TestProcess after(disk, options);
  ASSERT_TRUE(after.open());
  const auto started = after.start({Offset{1}, Offset{0}});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::corrupt);
  EXPECT_THAT(started.error().message, HasSubstr("partition 1 has folded up to block 0"));
  TestProcess fine(disk, options);
  EXPECT_TRUE(fine.run({Offset{1}, Offset{1}}));
}

TEST(Journal, SaysWhenASegmentInTheMiddleIsNotThere) {
  FaultFiles disk;
  JournalOptions options;
  options.segment_bytes = 1;
  TestProcess process(disk, options);
  ASSERT_TRUE(process.run());
  process.fill(0, 4);
  process.journal->stop();
  ASSERT_TRUE(disk.remove(process.path(segment_name(Offset{2}))));

  TestProcess after(disk, options);
  const auto started = after.run();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::corrupt);
  EXPECT_THAT(started.error().message, HasSubstr("ends before block 2"));
  options.repair = true;
  TestProcess repaired(disk, options);
  ASSERT_TRUE(repaired.run());
  EXPECT_THAT(repaired.replayed(), SizeIs(3));
  ASSERT_THAT(repaired.journal->findings(), SizeIs(1));
  EXPECT_EQ(repaired.journal->findings()[0].kind, JournalFinding::Kind::gap);
}

TEST(Journal, RefusesFewerPartitionsThanItHolds) {
  FaultFiles disk;
  TestProcess process(disk);
  ASSERT_TRUE(process.run());
  process.fill(0, 1);
  process.journal->stop();
  JournalOptions fewer;
  fewer.partitions = 1;
  TestProcess after(disk, fewer);
  const auto started = after.run();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::invalid_argument);
}

TEST(Journal, MorePartitionsThanBeforeAreFine) {
  FaultFiles disk;
  TestProcess process(disk);
  ASSERT_TRUE(process.run());
  process.fill(0, 3);
  process.journal->stop();
  JournalOptions more;
  more.partitions = 9;
  TestProcess after(disk, more);
  ASSERT_TRUE(after.run({Offset{3}, Offset{3}}));
  EXPECT_TRUE(after.append(after.batch(4, 9)).get());
  after.journal->stop();
  TestProcess last(disk, more);
  ASSERT_TRUE(last.run());
  EXPECT_THAT(last.replayed(), SizeIs(4));
}

}  // namespace
}  // namespace millrace
