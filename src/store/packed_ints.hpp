#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Whole numbers packed to one width a column, so that any range of them is read without reading those before it.
///
/// A column is written as distance from its least value or, if that is shorter, as zigzag; the few numbers that need
/// more bits than the width stand beside it with the bits that did not fit. Bytes: docs/formats/page.md. A page that
/// holds columns ends with `slack` zero bytes, so that eight bytes can be loaded at any of their bits.
class PackedInts {
 public:
  static constexpr std::size_t slack = 8;

  /// Appends a column; how many numbers it holds is for the caller to know.
  static void write(std::span<const std::int64_t> numbers, std::string& out);
  /// Steps over a column of `size` numbers; absent if the bytes are not one. The column borrows them.
  [[nodiscard]] static std::optional<PackedInts> read(ByteReader& reader, std::size_t size);

  PackedInts() = default;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::int64_t at(std::size_t index) const {
    std::int64_t number = 0;
    unpack(index, {&number, 1});
    return number;
  }
  /// Numbers begin, begin + 1, ... into `out`; all of them must be there.
  void unpack(std::size_t begin, std::span<std::int64_t> out) const;

 private:
  struct Exception {
    std::uint32_t index;
    std::uint64_t high;  ///< The bits above the width.
  };

  const char* bits_ = nullptr;
  std::size_t size_ = 0;
  std::int64_t least_ = 0;
  unsigned width_ = 0;
  bool zigzag_ = false;
  std::vector<Exception> exceptions_;
};

/// A column over rows that lie one series after another: packed as it is, or, if that is shorter, as the first
/// number of each series and the steps from row to row. Either way one series is read without the others.
class SteppedInts {
 public:
  /// `starts` holds the first row of each series, then the number of rows.
  static void write(std::span<const std::int64_t> numbers, std::span<const std::uint32_t> starts, std::string& out);
  [[nodiscard]] static std::optional<SteppedInts> read(ByteReader& reader, std::size_t rows, std::size_t series);

  /// All rows of series number `series`, which begin at row `start`.
  void unpack(std::size_t series, std::size_t start, std::span<std::int64_t> out) const;

 private:
  bool stepped_ = false;
  PackedInts firsts_;
  PackedInts numbers_;
};

}  // namespace millrace
