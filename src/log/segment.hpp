#pragma once

#include "log/block.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// A segment file's name: its first block's number, so that names sort as their blocks do.
[[nodiscard]] std::string segment_name(Offset first);
/// The first block's number; nothing for other files.
[[nodiscard]] std::optional<Offset> segment_first(std::string_view name);

/// Where a segment stops being readable.
struct Damage {
  std::uint64_t at = 0;    ///< First byte that belongs to no whole block.
  std::uint64_t size = 0;  ///< Bytes until the next whole block, or the end.
  bool torn = false;       ///< As an interrupted write leaves it: nothing after it says that it was ever durable.
};

/// Reads a segment's blocks in order and stops at the first that is not whole or not the one that comes next.
class SegmentReader {
 public:
  /// `bytes`: the whole file, borrowed; `head`: as read from its start.
  SegmentReader(std::string_view bytes, const ReadHead& head)
      : bytes_(bytes), head_(head.head), at_(head.size), next_(head.head.first) {}

  /// The next block, or nothing: at the end, or at damage.
  [[nodiscard]] std::optional<Block> next();
  /// Position after the last block that was read.
  [[nodiscard]] std::uint64_t position() const { return at_; }
  /// Number that the next block should have.
  [[nodiscard]] Offset next_number() const { return next_; }
  /// What stands in the way after next() gave nothing; nothing at the end of the file.
  [[nodiscard]] std::optional<Damage> damage() const;
  /// Goes on behind damage; numbers may have gaps from now on.
  void skip(const Damage& damage);

 private:
  std::string_view bytes_;
  SegmentHead head_;
  std::size_t at_;
  Offset next_;
};

}  // namespace millrace
