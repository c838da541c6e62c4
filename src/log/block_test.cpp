#include "log/block.hpp"

#include "base/bytes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

namespace millrace {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t salt = 42;

EventBatch any_batch() {
  EventBatch batch;
  batch.arrival = Millis{*rc::gen::arbitrary<std::int64_t>()};
  batch.producer = *rc::gen::arbitrary<std::string>();
  batch.sequence = *rc::gen::arbitrary<std::uint64_t>();
  const auto partitions = *rc::gen::nonEmpty(rc::gen::arbitrary<std::set<std::uint16_t>>());
  for (const std::uint16_t partition : partitions) {
    Section section;
    section.partition = PartitionId{partition};
    const auto n = *rc::gen::inRange<std::size_t>(1, 600);
    const auto series = *rc::gen::inRange<std::uint32_t>(1, 100'000);
    const auto step = *rc::gen::inRange<std::int64_t>(0, 10'000);
    for (std::size_t i = 0; i < n; ++i) {
      section.series.push_back(SeriesId{(static_cast<std::uint32_t>(i) * 7919U) % series});
      section.time.push_back(Millis{1'800'000'000'000 + static_cast<std::int64_t>(i) * step});
      section.value.push_back(static_cast<double>(i * step % 9973) / (i % 50 == 0 ? 3 : 100));
    }
    batch.sections.push_back(std::move(section));
  }
  return batch;
}

EventBatch small_batch() {
  return {Millis{5}, "p", 9, {{PartitionId{1}, {SeriesId{3}, SeriesId{4}}, {Millis{1}, Millis{2}}, {0.5, 0.25}}}};
}

std::string block_of(const EventBatch& batch, std::uint64_t number = 1) {
  std::string sections;
  encode_sections(batch, sections);
  std::vector<LocalSeries> definitions;
  std::set<std::uint32_t> seen;
  for (const Section& section : batch.sections) {
    for (const SeriesId id : section.series) {
      if (seen.insert(id.value).second) definitions.push_back({id.value, "key"});
    }
  }
  std::string bytes;
  encode_block({Offset{number}, Offset{number}}, salt, batch, definitions, sections, bytes);
  return bytes;
}

SeriesMap map_of(const Block& block) {
  SeriesMap map;
  for (const LocalSeries& series : block.definitions) map.define(series.local, SeriesId{series.local});
  return map;
}

TEST(Block, GivesBackAnyBatch) {
  EXPECT_TRUE(rc::check([] {
    const EventBatch batch = any_batch();
    const std::string bytes = block_of(batch, 77) + "what follows";
    const auto block = read_block(bytes, salt);
    RC_ASSERT(block.has_value());
    RC_ASSERT(block->size == bytes.size() - 12);
    RC_ASSERT(block->place.number == Offset{77});
    const auto read = decode_batch(*block, map_of(*block));
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == batch);
  }));
}

TEST(Block, NamesItsPartitionsWithoutReadingColumns) {
  const std::string bytes = block_of(small_batch());
  EXPECT_EQ(partitions_of(*read_block(bytes, salt)).value(), std::vector{PartitionId{1}});
}

TEST(Block, IsNoBlockWithOneBitFlipped) {
  const std::string bytes = block_of(small_batch());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      EXPECT_FALSE(read_block(flipped, salt)) << at << " bit " << bit;
    }
  }
}

TEST(Block, IsNoBlockWhenCut) {
  const std::string bytes = block_of(small_batch());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(read_block(std::string_view(bytes).substr(0, size), salt)) << size;
  }
}

TEST(Block, IsNoBlockUnderAnotherSegmentsSalt) { EXPECT_FALSE(read_block(block_of(small_batch()), salt + 1)); }

TEST(Block, IsFoundBehindOtherBytes) {
  const std::string bytes = "junk\xFFMB\xFE more junk" + block_of(small_batch());
  EXPECT_EQ(find_block(bytes, salt, 0), 18U);
  EXPECT_EQ(find_block(bytes, salt, 19), std::string_view::npos);
}

TEST(Block, RefusesASeriesThatItsSegmentDoesNotDefine) {
  const std::string bytes = block_of(small_batch());
  const auto read = decode_batch(*read_block(bytes, salt), SeriesMap());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::corrupt);
  EXPECT_THAT(read.error().message, HasSubstr("does not define"));
}

TEST(Block, RefusesSectionsThatAreNotWhatWasWritten) {
  const EventBatch batch = small_batch();
  std::string sections;
  encode_sections(batch, sections);
  SeriesMap map;
  map.define(3, SeriesId{3});
  map.define(4, SeriesId{4});
  Block block;
  for (std::size_t size = 0; size < sections.size(); ++size) {
    block.sections = std::string_view(sections).substr(0, size);
    EXPECT_FALSE(decode_batch(block, map)) << size;
  }
  const std::string longer = sections + "x";
  block.sections = longer;
  EXPECT_FALSE(decode_batch(block, map));
}

TEST(Block, RefusesACountThatItsBytesCanNotHold) {
  std::string sections;
  ByteWriter writer(sections);
  writer.varint(1);
  writer.varint(0);
  writer.varint(4'000'000'000);
  writer.fixed(std::uint32_t{6});
  writer.raw("123456");
  Block block;
  block.sections = sections;
  EXPECT_FALSE(decode_batch(block, SeriesMap()));
}

TEST(SegmentHead, IsGivenBack) {
  const SegmentHead head{true, 99, Offset{7}, Offset{6}, Millis{-5}, {Offset{1}, Offset{0}, Offset{6}}};
  std::string bytes;
  encode_segment_head(head, bytes);
  EXPECT_EQ(bytes.size(), segment_head_size(3));
  const auto read = read_segment_head(bytes + "blocks");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->head, head);
  EXPECT_EQ(read->size, bytes.size());
}

TEST(SegmentHead, IsNoHeadWithOneByteFlippedButIsSalvagedFromItsOtherCopy) {
  const SegmentHead head{false, 99, Offset{7}, Offset{6}, Millis{-5}, {Offset{1}}};
  std::string bytes;
  encode_segment_head(head, bytes);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    EXPECT_FALSE(read_segment_head(flipped)) << at;
    const auto salvaged = salvage_segment_head(flipped);
    ASSERT_TRUE(salvaged) << at << ": " << salvaged.error().message;
    EXPECT_EQ(salvaged->head, head) << at;
    EXPECT_EQ(salvaged->size, bytes.size()) << at;
  }
}

TEST(SegmentHead, SaysWhenItsVersionIsUnknown) {
  std::string bytes;
  encode_segment_head({}, bytes);
  bytes[8] = 2;
  const auto read = read_segment_head(bytes);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::unsupported_version);
}

}  // namespace
}  // namespace millrace
