#include "log/journal_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace millrace {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// A disk with one segment of a few blocks, each synced by itself.
class Damaged : public testing::Test {
 public:
  static constexpr std::int64_t blocks = 5;

  Damaged() {
    TestProcess process(disk);
    EXPECT_TRUE(process.run());
    process.fill(0, blocks);
    process.journal->stop();
    name = process.segments().at(0);
    file = disk.read(process.path(name)).value();
    batches = process.delivered();
    const auto head = read_segment_head(file);
    SegmentReader reader(file, *head);
    ends.push_back(reader.position());
    while (reader.next()) ends.push_back(reader.position());
    EXPECT_THAT(ends, SizeIs(blocks + 1));
  }

  /// Another disk, holding nothing but this as the segment.
  void put(FaultFiles& other, std::string bytes) const {
    ASSERT_TRUE(other.make_directory("/data/log"));
    other.put("/data/log/" + name, std::move(bytes));
  }
  [[nodiscard]] std::map<std::uint64_t, std::string> first(std::size_t count) const {
    return {batches.begin(), std::next(batches.begin(), static_cast<std::ptrdiff_t>(count))};
  }

  FaultFiles disk;
  std::string name;
  std::string file;
  std::map<std::uint64_t, std::string> batches;
  std::vector<std::uint64_t> ends;  ///< Of the head and of each block.
};

TEST_F(Damaged, ATailTornAtAnyByteIsCutAtTheLastWholeBlock) {
  for (std::size_t size = 0; size <= file.size(); ++size) {
    SCOPED_TRACE(size);
    FaultFiles other;
    put(other, file.substr(0, size));
    const auto whole = static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), size) - ends.begin());
    const std::size_t kept = whole == 0 ? 0 : whole - 1;

    TestProcess process(other, {}, 100);
    ASSERT_TRUE(process.run());
    ASSERT_EQ(process.replayed(), first(kept));
    const bool clean = std::binary_search(ends.begin(), ends.end(), size);
    ASSERT_THAT(process.journal->findings(), SizeIs(clean ? 0 : 1));
    if (!clean) {
      const JournalFinding& finding = process.journal->findings()[0];
      EXPECT_EQ(finding.kind, JournalFinding::Kind::torn_tail);
      EXPECT_EQ(finding.segment, name);
      EXPECT_EQ(finding.at, whole == 0 ? 0 : ends[kept]);
      EXPECT_EQ(finding.size, size - finding.at);
    }
    ASSERT_EQ(process.append(process.batch(77)).get().value().offset, Offset{kept});
    process.journal->stop();
    other.lose_power();
    TestProcess again(other, {}, 200);
    ASSERT_TRUE(again.run());
    ASSERT_THAT(again.replayed(), SizeIs(kept + 1));
    ASSERT_THAT(again.journal->findings(), IsEmpty());
  }
}

TEST_F(Damaged, AFlippedByteAnywhereIsNeverSilentlyWrong) {
  for (std::size_t at = 0; at < file.size(); ++at) {
    SCOPED_TRACE(at);
    FaultFiles other;
    std::string bytes = file;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    put(other, bytes);
    TestProcess process(other, {}, 100);
    const auto result = process.run();
    if (at >= ends[blocks - 1]) {  // the very last block: as if torn
      ASSERT_TRUE(result);
      ASSERT_EQ(process.replayed(), first(blocks - 1));
      ASSERT_THAT(process.journal->findings(), SizeIs(1));
      continue;
    }
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr(name));
    if (result.error().code == ErrorCode::unsupported_version) continue;
    EXPECT_EQ(result.error().code, ErrorCode::corrupt);
    const auto block = static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), at) - ends.begin());
    const std::uint64_t expected = block == 0 ? 0 : ends[block - 1];
    EXPECT_THAT(result.error().message, HasSubstr("at byte " + std::to_string(expected) + ":"));
    EXPECT_EQ(other.read("/data/log/" + name).value(), bytes);
  }
}

TEST_F(Damaged, RepairKeepsWhatIsWholeAndListsWhatItDropped) {
  for (std::size_t at = 0; at < ends[blocks - 1]; ++at) {
    SCOPED_TRACE(at);
    FaultFiles other;
    std::string bytes = file;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    put(other, bytes);
    JournalOptions options;
    options.repair = true;
    TestProcess process(other, options, 100);
    const auto result = process.run();
    if (!result && result.error().code == ErrorCode::unsupported_version) continue;
    ASSERT_TRUE(result) << result.error().message;
    ASSERT_FALSE(process.journal->findings().empty());
    EXPECT_EQ(process.journal->findings()[0].kind, JournalFinding::Kind::dropped);
    const auto kept = process.replayed();
    for (const auto& [number, text] : kept) ASSERT_EQ(text, batches.at(number));
    if (at < ends[0]) {
      ASSERT_EQ(kept, batches);
    } else {
      // The first blocks define series that later ones use: those go with them.
      const auto hit = static_cast<std::uint64_t>(std::upper_bound(ends.begin(), ends.end(), at) - ends.begin() - 1);
      ASSERT_FALSE(kept.contains(hit));
      for (std::uint64_t number = 0; number < hit; ++number) ASSERT_TRUE(kept.contains(number));
      if (hit >= 3) ASSERT_THAT(kept, SizeIs(blocks - 1));
    }
    EXPECT_EQ(other.read("/data/log/" + name + ".damaged").value(), bytes);
    process.journal->stop();
    other.lose_power();
    TestProcess again(other, {}, 200);
    ASSERT_TRUE(again.run());
    ASSERT_EQ(again.replayed(), kept);
  }
}

TEST_F(Damaged, RepairOfAWholeJournalChangesNothing) {
  JournalOptions options;
  options.repair = true;
  TestProcess process(disk, options);
  const auto before = disk.list("/data/log").value();
  ASSERT_TRUE(process.run());
  EXPECT_THAT(process.journal->findings(), IsEmpty());
  EXPECT_EQ(process.replayed(), batches);
  EXPECT_EQ(disk.list("/data/log").value(), before);
}

TEST_F(Damaged, AnUnknownVersionRefusesToOpenAndTouchesNothing) {
  for (const bool repair : {false, true}) {
    FaultFiles other;
    // An older segment with a torn tail that would be cut, and a newer one of a later version.
    put(other, file.substr(0, file.size() - 1));
    std::string newer = file;
    newer[8] = 2;
    other.put("/data/log/" + segment_name(Offset{5}), newer);
    JournalOptions options;
    options.repair = repair;
    TestProcess process(other, options);
    const auto opened = process.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::unsupported_version);
    EXPECT_THAT(opened.error().message, HasSubstr("version 2"));
    EXPECT_EQ(other.operations(), 0U);
  }
}

TEST_F(Damaged, ATornTailOfASegmentThatIsNotTheLastIsDamage) {
  TestProcess process(disk);
  ASSERT_TRUE(process.run());
  process.fill(10, 1);
  process.journal->stop();
  disk.put("/data/log/" + name, file.substr(0, file.size() - 1));
  TestProcess after(disk);
  ASSERT_TRUE(after.open());
  EXPECT_EQ(after.start().error().code, ErrorCode::corrupt);
  TestProcess past(disk);
  EXPECT_TRUE(past.run({Offset{5}, Offset{5}})) << "nobody needs the damaged segment";
}

TEST_F(Damaged, ALaterBlockOfAnUnsyncedGroupProvesNoDamage) {
  // The power went while blocks 3 and 4 were written together: 4 reached the disk, a part of 3 did not.
  const auto head = read_segment_head(file);
  std::string bytes = file.substr(0, ends[3]);
  const auto rewrite = [&](std::size_t index) {
    const auto block = read_block(std::string_view(file).substr(ends[index]), head->head.salt);
    EventBatch envelope{block->arrival, std::string(block->producer), block->sequence, {}};
    encode_block({block->place.number, Offset{3}}, head->head.salt, envelope, block->definitions, block->sections,
                 bytes);
  };
  rewrite(3);
  rewrite(4);
  bytes[ends[3] + 20] = static_cast<char>(bytes[ends[3] + 20] ^ 1);
  FaultFiles other;
  put(other, bytes);
  TestProcess process(other);
  ASSERT_TRUE(process.run());
  EXPECT_EQ(process.replayed(), first(3));
  ASSERT_THAT(process.journal->findings(), SizeIs(1));
  EXPECT_EQ(process.journal->findings()[0].kind, JournalFinding::Kind::torn_tail);
}

}  // namespace
}  // namespace millrace
