#include "log/journal_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace millrace {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(JournalFaults, AFullDiskRefusesAndGoesOnWhenThereIsRoomAgain) {
  FaultFiles disk;
  TestProcess process(disk);
  ASSERT_TRUE(process.run());
  process.fill(0, 3);
  const std::uint64_t used = disk.size(process.path(process.segments().at(0))).value();
  disk.fill_up_at(used + 20);
  EXPECT_EQ(process.append(process.batch(10)).get().error().code, ErrorCode::no_space);
  EXPECT_EQ(process.append(process.batch(11)).get().error().code, ErrorCode::no_space);
  EXPECT_EQ(process.receiver.reserved, 0);
  EXPECT_EQ(disk.size(process.path(process.segments().at(0))).value(), used);
  disk.free_space();
  EXPECT_EQ(process.append(process.batch(12)).get().value().offset, Offset{3});
  process.journal->stop();
  disk.lose_power();
  TestProcess after(disk);
  ASSERT_TRUE(after.run());
  EXPECT_EQ(after.replayed(), process.delivered());
  EXPECT_THAT(after.journal->findings(), IsEmpty());
}

TEST(JournalFaults, ADiskThatIsFullAtASegmentsBeginningIsSurvivedToo) {
  for (std::uint64_t room = 0; room < 400; room += 20) {
    SCOPED_TRACE(room);
    FaultFiles disk;
    JournalOptions options;
    options.segment_bytes = 1;
    TestProcess process(disk, options);
    ASSERT_TRUE(process.run());
    process.fill(0, 1);
    disk.fill_up_at(disk.size(process.path(process.segments().at(0))).value() + room);
    ASSERT_EQ(process.append(process.batch(1)).get().error().code, ErrorCode::no_space);
    ASSERT_EQ(process.append(process.batch(2)).get().error().code, ErrorCode::no_space);
    disk.free_space();
    // The series that the refused batches would have defined are defined again.
    ASSERT_EQ(process.append(process.batch(3)).get().value().offset, Offset{1});
    process.journal->stop();
    const double counted = process.metrics.gauge("millrace_journal_segments", "Number of journal segments.").value();
    ASSERT_EQ(counted, static_cast<double>(process.segments().size()));
    disk.lose_power();
    TestProcess after(disk, options, 50);
    ASSERT_TRUE(after.run());
    EXPECT_EQ(after.replayed(), process.delivered());
  }
}

TEST(JournalFaults, WhatWasRefusedForSpaceDoesNotComeBackByACrash) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    FaultFiles disk;
    TestProcess process(disk);
    ASSERT_TRUE(process.run());
    process.fill(0, 5);
    const std::uint64_t used = disk.size(process.path(process.segments().at(0))).value();
    // Of two batches that are written together, the first fits and the second does not: both are refused.
    Gate gate;
    disk.before_sync([&] { gate.wait(); });
    auto first = process.append(process.batch(5));
    gate.until_someone_waits();
    auto second = process.append(process.batch(6));
    auto third = process.append(process.batch(7));
    const std::uint64_t block = disk.size(process.path(process.segments().at(0))).value() - used;
    disk.fill_up_at(used + 2 * block + block / 2);
    gate.open();
    ASSERT_TRUE(first.get());
    ASSERT_EQ(second.get().error().code, ErrorCode::no_space);
    ASSERT_EQ(third.get().error().code, ErrorCode::no_space);
    disk.lose_power(seed);
    process.journal->stop();
    TestProcess after(disk);
    ASSERT_TRUE(after.run());
    ASSERT_EQ(after.replayed(), process.delivered());
    ASSERT_THAT(after.journal->findings(), IsEmpty());
  }
}

TEST(JournalFaults, AfterAFailedSyncNothingIsTakenUntilARestart) {
  FaultFiles disk;
  TestProcess process(disk);
  ASSERT_TRUE(process.run());
  process.fill(0, 2);
  disk.fail_sync_after(0);
  const auto failed = process.append(process.batch(2)).get();
  EXPECT_EQ(failed.error().code, ErrorCode::io);
  const std::uint64_t operations = disk.operations();
  const auto refused = process.append(process.batch(3)).get();
  EXPECT_EQ(refused.error().code, ErrorCode::io);
  EXPECT_THAT(refused.error().message, HasSubstr("start again"));
  EXPECT_EQ(disk.operations(), operations) << "nothing more is written";
  EXPECT_EQ(process.receiver.reserved, 0);
  process.journal->stop();
  disk.lose_power();
  TestProcess after(disk);
  ASSERT_TRUE(after.run());
  EXPECT_EQ(after.replayed(), process.delivered());
  EXPECT_TRUE(after.append(after.batch(4)).get());
}

TEST(JournalFaults, AFailedSyncOfANewSegmentIsFinalToo) {
  FaultFiles disk;
  TestProcess process(disk);
  ASSERT_TRUE(process.run());
  disk.fail_sync_after(0);
  EXPECT_EQ(process.append(process.batch(0)).get().error().code, ErrorCode::io);
  EXPECT_EQ(process.append(process.batch(1)).get().error().code, ErrorCode::io);
  process.journal->stop();
  TestProcess after(disk);
  ASSERT_TRUE(after.run());
  EXPECT_EQ(after.append(after.batch(1)).get().value().offset, Offset{0});
}

TEST(JournalFaults, AnyFailedOperationLosesNothingAcknowledged) {
  for (std::uint64_t n = 0; n < 60; ++n) {
    SCOPED_TRACE(n);
    FaultFiles disk;
    JournalOptions options;
    options.segment_bytes = 700;
    options.retention = Duration{0};
    TestProcess process(disk, options);
    ASSERT_TRUE(process.run());
    disk.fail_operation_after(n);
    for (std::int64_t i = 0; i < 15; ++i) {
      process.clock.advance(Duration{1'000});
      (void)process.append(process.batch(i)).get();
    }
    process.journal->stop();
    ASSERT_EQ(process.receiver.reserved, 0);
    disk.lose_power(n);
    TestProcess after(disk, options, 40);
    ASSERT_TRUE(after.run());
    const auto replayed = after.replayed();
    for (const auto& [offset, text] : process.delivered()) ASSERT_EQ(replayed.at(offset), text);
  }
}

/// Several lives of a process on one disk; the power goes at a random operation of each. Whatever was acknowledged
/// must be replayed, once and in order; what was not may be there, once, or not.
void live_and_die(std::uint64_t seed) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  FaultFiles disk;
  std::map<std::uint64_t, std::string> acknowledged;
  std::set<std::string> sent;
  std::int64_t next = 0;
  for (int life = 0; life < 4; ++life) {
    JournalOptions options;
    options.segment_bytes = 200 + random() % 3'000;
    options.salt = seed;
    TestProcess process(disk, options, static_cast<std::uint32_t>(random() % 1'000));
    if (random() % 4 == 0) disk.cut_power_after(random() % 8);  // while it opens
    const bool running = process.run().has_value();
    if (running) {
      const auto replayed = process.replayed();
      ASSERT_EQ(replayed.size(), process.receiver.replayed.size());
      ASSERT_TRUE(std::is_sorted(process.receiver.replayed.begin(), process.receiver.replayed.end(),
                                 [](const auto& a, const auto& b) { return a.offset < b.offset; }));
      std::set<std::string> once;
      for (const auto& [offset, text] : replayed) {
        ASSERT_TRUE(once.insert(text).second) << "twice: " << text;
        ASSERT_TRUE(sent.contains(text)) << "never sent: " << text;
      }
      for (const auto& [offset, text] : acknowledged) {
        ASSERT_TRUE(replayed.contains(offset)) << "lost: block " << offset;
        ASSERT_EQ(replayed.at(offset), text);
      }
      acknowledged = replayed;  // from now on they are delivered, so they must stay
      disk.cut_power_after(random() % 40);
      std::vector<std::pair<std::string, std::future<Result<Appended>>>> waiting;
      const int count = static_cast<int>(random() % 30);
      for (int i = 0; i < count; ++i) {
        const auto batch = process.batch(next++, static_cast<std::uint16_t>(1 + random() % 3));
        std::string text = process.text(*batch);
        sent.insert(text);
        waiting.emplace_back(std::move(text), process.append(batch));
        if (random() % 3 == 0) waiting.back().second.wait();
      }
      for (auto& [text, outcome] : waiting) {
        const auto result = outcome.get();
        if (result) ASSERT_TRUE(acknowledged.emplace(result->offset.value, text).second);
      }
      process.journal->stop();
    }
    disk.lose_power(random());
  }
}

TEST(JournalFaults, PowerLostAtAnyInstantLosesNothingAcknowledgedAndDoublesNothing) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    live_and_die(seed);
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace millrace
