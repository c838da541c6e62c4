#include "log/block.hpp"
#include "log/segment.hpp"

#include <cstdio>
#include <cstdlib>
#include <set>

// The input is read in three ways: as a segment, as the inside of a block whose checksum is made right, and as sections
// alone. A batch that is read has to come back the same after writing it again.

namespace millrace {
namespace {

[[noreturn]] void wrong(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void check_batch(const Block& block, const SeriesMap& map) {
  const auto batch = decode_batch(block, map);
  if (!batch) return;
  const auto partitions = partitions_of(block);
  if (!partitions || partitions->size() != batch->sections.size()) wrong("partitions differ from sections");
  std::string sections;
  encode_sections(*batch, sections);
  SeriesMap same;
  for (const Section& section : batch->sections) {
    for (const SeriesId id : section.series) same.define(id.value, id);
  }
  Block again = block;
  again.sections = sections;
  const auto second = decode_batch(again, same);
  if (!second) wrong("a batch can't be read back");
  std::string third;
  encode_sections(*second, third);  // not ==: a NaN differs from itself
  if (third != sections) wrong("a batch is read back differently");
}

void read_segment(std::string_view bytes) {
  const auto head = salvage_segment_head(bytes);
  if (!head) return;
  SegmentReader reader(bytes, *head);
  SeriesMap map;
  while (true) {
    while (const auto block = reader.next()) {
      for (const LocalSeries& series : block->definitions) map.define(series.local % 4096, SeriesId{series.local});
      check_batch(*block, map);
    }
    const auto damage = reader.damage();
    if (!damage) return;
    if (damage->at + damage->size > bytes.size()) wrong("damage beyond the end");
    reader.skip(*damage);
  }
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace millrace;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  read_segment(input);

  SeriesMap map;
  for (std::uint32_t i = 0; i < 256; ++i) map.define(i, SeriesId{i * 3});
  Block bare;
  bare.sections = input;
  check_batch(bare, map);

  std::string segment;
  encode_segment_head({false, 1, Offset{0}, Offset{0}, Millis::never(), {}}, segment);
  encode_block({Offset{0}, Offset{0}}, 1, EventBatch{Millis{1}, "p", 1, {}}, {{1, "key"}, {2, "key"}}, input, segment);
  read_segment(segment);
  return 0;
}
