#pragma once

#include "base/result.hpp"
#include "base/types.hpp"
#include "model/event_batch.hpp"

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Bytes of a journal's segments: a head, then blocks. Format: docs/formats/journal.md.

/// What a segment says of itself and of the journal before it.
struct SegmentHead {
  bool repaired = false;   ///< Blocks have been taken out: numbers may have gaps.
  std::uint64_t salt = 0;  ///< Seed of the blocks' checksums: nobody outside can make bytes that look like a block.
  Offset first;            ///< No block in it has a lower number.
  Offset follows;          ///< End of the segment before: `first` is higher only where numbers were skipped.
  Millis newest_arrival = Millis::never();  ///< Of all blocks before this segment.
  std::vector<Offset> needed;  ///< By partition: one past the last block before this segment with a section for it.

  friend bool operator==(const SegmentHead&, const SegmentHead&) = default;
};

void encode_segment_head(const SegmentHead& head, std::string& out);
/// A head and the bytes that it takes. Errors: `corrupt` (torn, or not what was written), `unsupported_version`.
struct ReadHead {
  SegmentHead head;
  std::size_t size = 0;
};
[[nodiscard]] Result<ReadHead> read_segment_head(std::string_view bytes);
/// The same from either of the two copies that stand there: for repair.
[[nodiscard]] Result<ReadHead> salvage_segment_head(std::string_view bytes);
/// Bytes that a head takes.
[[nodiscard]] std::size_t segment_head_size(std::size_t partitions);
/// At most so many bytes are needed to read a head.
constexpr std::size_t max_segment_head = 2 * (64 + 65536 * 8);
/// A block holds at most so many events.
constexpr std::uint64_t max_block_events = 4'194'304;

/// A series as a block defines it: from this block on, `local` in this segment means `key` (canonical bytes).
struct LocalSeries {
  std::uint32_t local;
  std::string_view key;
};

/// The heavy part of a block, which needs no knowledge of the segment: appends the sections.
void encode_sections(const EventBatch& batch, std::string& out);
/// Which block it is. `synced`: all blocks below it were durable when this one was written.
struct BlockPlace {
  Offset number;
  Offset synced;
};
/// Appends a whole block. `salt` is the segment's.
void encode_block(BlockPlace place, std::uint64_t salt, const EventBatch& batch,
                  const std::vector<LocalSeries>& definitions, std::string_view sections, std::string& out);

/// A block whose checksum is right. Views into the bytes that it was read from.
struct Block {
  BlockPlace place;
  Millis arrival;
  std::string_view producer;
  std::uint64_t sequence = 0;
  std::vector<LocalSeries> definitions;
  std::string_view sections;
  std::size_t size = 0;  ///< Bytes of the whole block.
};
/// The block at the start of `bytes`; nothing if there is none that is whole.
[[nodiscard]] std::optional<Block> read_block(std::string_view bytes, std::uint64_t salt);
/// Position of the next whole block in `bytes` at or after `from`; npos if there is none.
[[nodiscard]] std::size_t find_block(std::string_view bytes, std::uint64_t salt, std::size_t from);

/// Local series -> series of this process, for one segment.
class SeriesMap {
 public:
  void define(std::uint32_t local, SeriesId id);
  /// nullptr: not defined.
  [[nodiscard]] const SeriesId* find(std::uint32_t local) const;
  void clear() { pages_.clear(); }

 private:
  static constexpr std::uint32_t page_size = 1024;
  struct Page {
    std::array<SeriesId, page_size> ids;
    std::bitset<page_size> defined;
  };
  std::vector<std::unique_ptr<Page>> pages_;
};

/// The batch that a block holds. `corrupt` for sections that encode_sections can't have written or a series that the
/// segment does not define.
[[nodiscard]] Result<EventBatch> decode_batch(const Block& block, const SeriesMap& series);
/// The partitions that a block has sections for, ascending. Cheap: the columns are not read.
[[nodiscard]] Result<std::vector<PartitionId>> partitions_of(const Block& block);

}  // namespace millrace
