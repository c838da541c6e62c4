#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace millrace {

/// Columns of a journal section, in chunks of at most 256 entries. Format: docs/formats/journal.md.
///
/// Integers: the smallest, then each one's distance from it in as many bits as the largest distance takes; the same of
/// the differences of neighbours, if that is smaller. Doubles: integers over a power of ten where that gives back
/// the very same bits, with exceptions in full; a chunk in which few fit stands in full.
constexpr std::size_t column_chunk = 256;

/// Appends a chunk of 1 to column_chunk integers.
void encode_integers(std::span<const std::int64_t> chunk, std::string& out);
/// Reads `chunk.size()` integers that encode_integers wrote; false for bytes that it can't have written.
[[nodiscard]] bool decode_integers(ByteReader& in, std::span<std::int64_t> chunk);

/// Appends a column of doubles of any bits, not only finite ones.
void encode_doubles(std::span<const double> values, std::string& out);
/// Appends `count` doubles to `out`; false for bytes that encode_doubles can't have written.
[[nodiscard]] bool decode_doubles(ByteReader& in, std::size_t count, std::vector<double>& out);

}  // namespace millrace
