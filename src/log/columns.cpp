#include "log/columns.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace millrace {
namespace {

constexpr std::uint8_t differences = 0x80;
constexpr std::uint8_t in_full = 0xFF;
/// 10^22 is the largest power of ten that a double holds exactly; beyond 10^15 no integer below 2^51 gains from it.
constexpr std::array<double, 16> powers{1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                        1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
constexpr double largest_scaled = 2251799813685248.0;  // 2^51: adding `rounder` rounds to an integer below it.
constexpr double rounder = 6755399441055744.0;         // 1.5 * 2^52

struct Range {
  std::int64_t low;
  unsigned width;  ///< Bits of the largest distance from low.
};

Range range_of(const std::int64_t* values, std::size_t n) {
  std::int64_t low = values[0];
  std::int64_t high = values[0];
  for (std::size_t i = 1; i < n; ++i) {
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  const std::uint64_t distance = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  return {low, static_cast<unsigned>(std::bit_width(distance))};
}

void pack(const std::int64_t* values, std::size_t n, Range range, std::string& out) {
  if (range.width == 0) return;
  const std::size_t start = out.size();
  const std::size_t bytes = (n * range.width + 7) / 8;
  out.resize(start + bytes + 8);
  char* at = out.data() + start;
  const auto low = static_cast<std::uint64_t>(range.low);
  std::uint64_t word = 0;
  unsigned fill = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t distance = static_cast<std::uint64_t>(values[i]) - low;
    word |= distance << fill;
    fill += range.width;
    if (fill >= 64) {
      std::memcpy(at, &word, 8);
      at += 8;
      fill -= 64;
      word = fill == 0 ? 0 : distance >> (range.width - fill);
    }
  }
  std::memcpy(at, &word, 8);
  out.resize(start + bytes);
}

void unpack(std::string_view packed, std::size_t n, Range range, std::int64_t* values) {
  // Two words beyond the end may be read: a chunk is small enough to be copied into a padded place.
  std::array<char, column_chunk * 8 + 16> padded;
  std::memcpy(padded.data(), packed.data(), packed.size());
  std::memset(padded.data() + packed.size(), 0, 16);
  const std::uint64_t mask = range.width == 64 ? ~0ULL : (1ULL << range.width) - 1;
  const auto low = static_cast<std::uint64_t>(range.low);
  std::size_t bit = 0;
  for (std::size_t i = 0; i < n; ++i, bit += range.width) {
    std::uint64_t word;
    std::memcpy(&word, padded.data() + bit / 8, 8);
    const unsigned shift = bit % 8;
    word >>= shift;
    if (shift + range.width > 64) {
      word |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(padded[bit / 8 + 8])) << (64 - shift);
    }
    values[i] = static_cast<std::int64_t>(low + (word & mask));
  }
}

std::int64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t plus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

/// The integer m with m / power == value in every bit; false where there is none.
bool scale(double value, double power, std::int64_t& m) {
  const double scaled = value * power;
  if (!(scaled > -largest_scaled && scaled < largest_scaled)) return false;
  const double whole = (scaled + rounder) - rounder;
  m = static_cast<std::int64_t>(whole);
  // From the integer, not from `whole`: it is what the reader has, and an integer knows no -0.
  return std::bit_cast<std::uint64_t>(static_cast<double>(m) / power) == std::bit_cast<std::uint64_t>(value);
}

/// The lowest power with which nearly all of a sample of the chunk fits; in_full if there is none.
std::uint8_t choose_power(std::span<const double> chunk) {
  const std::size_t step = std::max<std::size_t>(1, chunk.size() / 16);
  const std::size_t sample = (chunk.size() + step - 1) / step;
  const std::size_t allowed = sample / 8;
  std::uint8_t best = in_full;
  std::size_t best_misses = allowed + 1;
  for (std::size_t k = 0; k < powers.size() && best_misses > 0; ++k) {
    std::size_t misses = 0;
    std::int64_t m = 0;
    for (std::size_t i = 0; i < chunk.size() && misses < best_misses; i += step)
      misses += !scale(chunk[i], powers[k], m);
    if (misses < best_misses) {
      best_misses = misses;
      best = static_cast<std::uint8_t>(k);
    }
  }
  return best;
}

void encode_in_full(std::span<const double> chunk, std::string& out) {
  out.push_back(static_cast<char>(in_full));
  out.append(reinterpret_cast<const char*>(chunk.data()), chunk.size_bytes());
}

void encode_chunk(std::span<const double> chunk, std::string& out) {
  const std::uint8_t k = choose_power(chunk);
  if (k == in_full) return encode_in_full(chunk, out);
  std::array<std::int64_t, column_chunk> scaled;
  std::array<std::uint8_t, column_chunk> exceptions;
  std::size_t misses = 0;
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    exceptions[misses] = static_cast<std::uint8_t>(i);
    misses += !scale(chunk[i], powers[k], scaled[i]);
    if (misses == column_chunk) return encode_in_full(chunk, out);
  }
  if (misses > chunk.size() / 4) return encode_in_full(chunk, out);
  // An exception's place among the integers holds a neighbour, so that it costs no width.
  std::int64_t filler = 0;
  for (std::size_t i = 0, e = 0; i < chunk.size(); ++i) {
    if (e < misses && exceptions[e] == i) {
      ++e;
    } else {
      filler = scaled[i];
      break;
    }
  }
  for (std::size_t e = 0; e < misses; ++e) {
    const std::size_t i = exceptions[e];
    scaled[i] = i == 0 ? filler : scaled[i - 1];
  }
  out.push_back(static_cast<char>(k));
  out.push_back(static_cast<char>(misses));
  out.append(reinterpret_cast<const char*>(exceptions.data()), misses);
  for (std::size_t e = 0; e < misses; ++e) ByteWriter(out).fixed(chunk[exceptions[e]]);
  encode_integers({scaled.data(), chunk.size()}, out);
}

bool decode_chunk(ByteReader& in, std::span<double> chunk) {
  const auto k = in.fixed<std::uint8_t>();
  if (k == in_full) {
    const std::string_view bytes = in.raw(chunk.size_bytes());
    if (!in.ok()) return false;
    std::memcpy(chunk.data(), bytes.data(), bytes.size());
    return true;
  }
  if (k >= powers.size()) return false;
  const std::string_view exceptions = in.raw(in.fixed<std::uint8_t>());
  const std::string_view full = in.raw(exceptions.size() * sizeof(double));
  std::array<std::int64_t, column_chunk> scaled;
  if (!in.ok() || !decode_integers(in, {scaled.data(), chunk.size()})) return false;
  for (std::size_t i = 0; i < chunk.size(); ++i) chunk[i] = static_cast<double>(scaled[i]) / powers[k];
  for (std::size_t e = 0; e < exceptions.size(); ++e) {
    const auto i = static_cast<std::uint8_t>(exceptions[e]);
    if (i >= chunk.size()) return false;
    std::memcpy(&chunk[i], full.data() + e * sizeof(double), sizeof(double));
  }
  return true;
}

}  // namespace

void encode_integers(std::span<const std::int64_t> chunk, std::string& out) {
  ByteWriter writer(out);
  const std::size_t n = chunk.size();
  const Range plain = range_of(chunk.data(), n);
  std::array<std::int64_t, column_chunk> steps;
  Range stepped{0, 64};
  if (n > 1 && plain.width > 0) {
    for (std::size_t i = 1; i < n; ++i) steps[i - 1] = minus(chunk[i], chunk[i - 1]);
    stepped = range_of(steps.data(), n - 1);
  }
  if (stepped.width < plain.width) {
    writer.fixed(static_cast<std::uint8_t>(stepped.width | differences));
    writer.signed_varint(chunk[0]);
    writer.signed_varint(stepped.low);
    pack(steps.data(), n - 1, stepped, out);
    return;
  }
  writer.fixed(static_cast<std::uint8_t>(plain.width));
  writer.signed_varint(plain.low);
  pack(chunk.data(), n, plain, out);
}

bool decode_integers(ByteReader& in, std::span<std::int64_t> chunk) {
  const auto head = in.fixed<std::uint8_t>();
  const bool stepped = (head & differences) != 0;
  const std::int64_t first = stepped ? in.signed_varint() : 0;
  const Range range{in.signed_varint(), static_cast<unsigned>(head & 0x7F)};
  if (!in.ok() || range.width > 64 || chunk.empty()) return false;
  const std::size_t n = chunk.size() - (stepped ? 1 : 0);
  const std::string_view packed = in.raw((n * range.width + 7) / 8);
  if (!in.ok()) return false;
  if (!stepped) {
    unpack(packed, n, range, chunk.data());
    return true;
  }
  chunk[0] = first;
  unpack(packed, n, range, chunk.data() + 1);
  for (std::size_t i = 1; i < chunk.size(); ++i) chunk[i] = plus(chunk[i], chunk[i - 1]);
  return true;
}

void encode_doubles(std::span<const double> values, std::string& out) {
  for (std::size_t at = 0; at < values.size(); at += column_chunk) {
    encode_chunk(values.subspan(at, std::min(column_chunk, values.size() - at)), out);
  }
}

bool decode_doubles(ByteReader& in, std::size_t count, std::vector<double>& out) {
  while (count > 0) {
    const std::size_t n = std::min(column_chunk, count);
    const std::size_t at = out.size();
    out.resize(at + n);
    if (!decode_chunk(in, {out.data() + at, n})) return false;
    count -= n;
  }
  return true;
}

}  // namespace millrace
