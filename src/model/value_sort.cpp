#include "model/value_sort.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

namespace millrace {
namespace {

// Two lanes: a comparison of vectors compiles to minimum and maximum, where one of doubles becomes a branch.
using Pair = double __attribute__((vector_size(16)));

void exchange(Pair& a, Pair& b) {
  const Pair low = b < a ? b : a;
  const Pair high = b < a ? a : b;
  a = low;
  b = high;
}

/// The bits of a double as an integer of the same order; doing it twice gives the bits back.
std::int64_t ordered(std::int64_t bits) { return bits ^ ((bits >> 63) & 0x7FFF'FFFF'FFFF'FFFF); }

/// Batcher's network on sixteen values: sorts the first eight and the last eight, as ordered integers.
void sort_eights(const double* from, std::int64_t* to) {
  constexpr std::array<std::array<unsigned char, 2>, 19> steps{{{0, 1},
                                                                {2, 3},
                                                                {4, 5},
                                                                {6, 7},
                                                                {0, 2},
                                                                {1, 3},
                                                                {4, 6},
                                                                {5, 7},
                                                                {1, 2},
                                                                {5, 6},
                                                                {0, 4},
                                                                {1, 5},
                                                                {2, 6},
                                                                {3, 7},
                                                                {2, 4},
                                                                {3, 5},
                                                                {1, 2},
                                                                {3, 4},
                                                                {5, 6}}};
  Pair lanes[8];
  for (std::size_t i = 0; i < 8; ++i) lanes[i] = Pair{from[i], from[i + 8]};
#pragma GCC unroll 19
  for (const auto& step : steps) exchange(lanes[step[0]], lanes[step[1]]);
  for (std::size_t i = 0; i < 8; ++i) {
    to[i] = ordered(std::bit_cast<std::int64_t>(static_cast<double>(lanes[i][0])));
    to[i + 8] = ordered(std::bit_cast<std::int64_t>(static_cast<double>(lanes[i][1])));
  }
}

/// Merges the two sorted halves of `from`, from both ends at once: each end writes half of the result, so neither
/// can run out of values, and the two chains of comparisons run side by side.
void merge_halves(const std::int64_t* from, std::size_t half, std::int64_t* to) {
  const std::int64_t* left = from;
  const std::int64_t* right = from + half;
  const std::int64_t* left_end = from + half - 1;
  const std::int64_t* right_end = from + (2 * half) - 1;
  std::int64_t* low = to;
  std::int64_t* high = to + (2 * half) - 1;
  for (std::size_t i = 0; i < half; ++i) {
    const std::int64_t l = *left;
    const std::int64_t r = *right;
    *low++ = r < l ? r : l;
    const auto took_right = static_cast<std::ptrdiff_t>(r < l);
    right += took_right;
    left += 1 - took_right;
    const std::int64_t le = *left_end;
    const std::int64_t re = *right_end;
    *high-- = re < le ? le : re;
    const auto took_left = static_cast<std::ptrdiff_t>(re < le);
    left_end -= took_left;
    right_end -= 1 - took_left;
  }
}

}  // namespace

void sort_block(double* values) {
  static_assert(sort_block_size % 16 == 0 && std::has_single_bit(sort_block_size));
  std::array<std::int64_t, sort_block_size> a;
  std::array<std::int64_t, sort_block_size> b;
  std::int64_t* from = a.data();
  std::int64_t* to = b.data();
  for (std::size_t i = 0; i < sort_block_size; i += 16) sort_eights(values + i, from + i);
  for (std::size_t half = 8; half < sort_block_size; half *= 2) {
    for (std::size_t i = 0; i < sort_block_size; i += 2 * half) merge_halves(from + i, half, to + i);
    std::swap(from, to);
  }
  for (std::size_t i = 0; i < sort_block_size; ++i) values[i] = std::bit_cast<double>(ordered(from[i]));
}

}  // namespace millrace
