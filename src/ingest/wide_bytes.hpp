#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace millrace {

/// Eight bytes as a little-endian number.
[[nodiscard]] inline std::uint64_t load64(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// The first `count` bytes of the word (all for 8 and more), zeros after them.
[[nodiscard]] inline std::uint64_t first_bytes(std::uint64_t word, std::size_t count) {
  if (count == 0) return 0;
  return count >= 8 ? word : word & (~std::uint64_t{0} >> (64 - 8 * count));
}

/// A bit for each of the 16 bytes at `at`: set where a plain JSON string can't go on (quote, backslash, control).
[[nodiscard]] inline std::uint32_t string_stops(const char* at) {
#if defined(__SSE2__)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control)));
#else
  std::uint32_t stops = 0;
  for (unsigned i = 0; i < 16; ++i) {
    const auto c = static_cast<unsigned char>(at[i]);
    if (c == '"' || c == '\\' || c < 0x20) stops |= 1U << i;
  }
  return stops;
#endif
}

/// A bit for each of the 16 bytes at `at` that is not ASCII.
[[nodiscard]] inline std::uint32_t high_bytes(const char* at) {
#if defined(__SSE2__)
  return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))));
#else
  std::uint32_t mask = 0;
  for (unsigned i = 0; i < 16; ++i) mask |= static_cast<std::uint32_t>(static_cast<unsigned char>(at[i]) >> 7) << i;
  return mask;
#endif
}

/// A bit for each of the 16 bytes at `at` that is no digit.
[[nodiscard]] inline std::uint32_t no_digits(const char* at) {
#if defined(__SSE2__)
  const __m128i bytes = _mm_sub_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)), _mm_set1_epi8('0'));
  const __m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(9)), bytes);
  return static_cast<std::uint32_t>(_mm_movemask_epi8(digit)) ^ 0xFFFFU;
#else
  std::uint32_t mask = 0;
  for (unsigned i = 0; i < 16; ++i) {
    if (at[i] < '0' || at[i] > '9') mask |= 1U << i;
  }
  return mask;
#endif
}

/// Whether two spans are equal; 16 bytes beyond the end of each are readable.
[[nodiscard]] inline bool same_bytes(const char* a, const char* b, std::size_t size) {
#if defined(__SSE2__)
  for (; size > 0; a += 16, b += 16) {
    const __m128i equal = _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a)),
                                         _mm_loadu_si128(reinterpret_cast<const __m128i*>(b)));
    const std::uint32_t differ = static_cast<std::uint32_t>(_mm_movemask_epi8(equal)) ^ 0xFFFFU;
    if (size < 16) return (differ & ((1U << size) - 1)) == 0;
    if (differ != 0) return false;
    size -= 16;
  }
  return true;
#else
  return size == 0 || std::memcmp(a, b, size) == 0;
#endif
}

/// The number that `count` (1 to 8) decimal digits stand for: the low bytes of the word, first digit lowest.
[[nodiscard]] inline std::uint64_t digits_value(std::uint64_t word, unsigned count) {
  word = (word << (8 * (8 - count))) & 0x0F0F0F0F0F0F0F0FULL;
  word = word * 10 + (word >> 8);
  return (((word & 0x000000FF000000FFULL) * 0x000F424000000064ULL) +
          (((word >> 16) & 0x000000FF000000FFULL) * 0x0000271000000001ULL)) >>
         32;
}

}  // namespace millrace
