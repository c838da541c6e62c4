#include "store/packed_ints.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

namespace millrace {
namespace {

constexpr std::uint8_t zigzag_flag = 0x80;
constexpr std::size_t exception_bits = 48;  // about what one costs: index, high bits

std::uint64_t to_zigzag(std::int64_t number) {
  return (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
}

std::int64_t from_zigzag(std::uint64_t number) {
  return static_cast<std::int64_t>((number >> 1) ^ (~(number & 1) + 1));
}

unsigned bits_of(std::uint64_t number) { return 64U - static_cast<unsigned>(std::countl_zero(number)); }

std::uint64_t shifted_right(std::uint64_t number, unsigned by) { return by >= 64 ? 0 : number >> by; }
std::uint64_t shifted_left(std::uint64_t number, unsigned by) { return by >= 64 ? 0 : number << by; }

/// How many numbers need how many bits.
using Lengths = std::array<std::size_t, 65>;

struct Fit {
  unsigned width = 0;
  std::size_t bits = std::numeric_limits<std::size_t>::max();
  bool patched = false;  ///< Some numbers need more bits.
};

/// The width with the least bits in all, exceptions counted.
Fit best_fit(const Lengths& lengths, std::size_t count) {
  Fit best;
  std::size_t longer = 0;
  for (unsigned width = 64;; --width) {
    const std::size_t bits = (count * width) + (longer * exception_bits);
    if (bits < best.bits) best = {width, bits, longer > 0};
    longer += lengths[width];
    if (width == 0 || longer * 8 > count) break;
  }
  return best;
}

/// How a column is best written.
struct Plan {
  std::int64_t least = 0;
  bool zigzag = false;
  Fit fit;

  [[nodiscard]] std::uint64_t map(std::int64_t number) const {
    if (zigzag) return to_zigzag(number);
    return static_cast<std::uint64_t>(number) - static_cast<std::uint64_t>(least);
  }
};

Plan plan(std::span<const std::int64_t> numbers) {
  Plan plan;
  if (numbers.empty()) {
    plan.fit = {0, 0, false};
    return plan;
  }
  std::int64_t most = numbers.front();
  plan.least = most;
  for (const std::int64_t number : numbers) {
    plan.least = std::min(plan.least, number);
    most = std::max(most, number);
  }
  if (plan.least == most) {
    plan.fit = {0, 0, false};
    return plan;
  }
  // Two of each, so that neighbours of equal length don't wait for one another.
  Lengths distance{};
  Lengths zigzag{};
  Lengths other_distance{};
  Lengths other_zigzag{};
  for (std::size_t i = 0; i + 1 < numbers.size(); i += 2) {
    ++distance[bits_of(plan.map(numbers[i]))];
    ++zigzag[bits_of(to_zigzag(numbers[i]))];
    ++other_distance[bits_of(plan.map(numbers[i + 1]))];
    ++other_zigzag[bits_of(to_zigzag(numbers[i + 1]))];
  }
  if (numbers.size() % 2 == 1) {
    ++distance[bits_of(plan.map(numbers.back()))];
    ++zigzag[bits_of(to_zigzag(numbers.back()))];
  }
  for (std::size_t length = 0; length < distance.size(); ++length) {
    distance[length] += other_distance[length];
    zigzag[length] += other_zigzag[length];
  }
  plan.fit = best_fit(distance, numbers.size());
  const Fit other = best_fit(zigzag, numbers.size());
  if (other.bits < plan.fit.bits) {
    plan.zigzag = true;
    plan.fit = other;
  }
  return plan;
}

void write_planned(std::span<const std::int64_t> numbers, const Plan& plan, std::string& out) {
  ByteWriter writer(out);
  const unsigned width = plan.fit.width;
  writer.fixed(static_cast<std::uint8_t>(width | (plan.zigzag ? zigzag_flag : 0)));
  if (!plan.zigzag) writer.signed_varint(plan.least);
  std::size_t exceptions = 0;
  if (plan.fit.patched) {
    for (const std::int64_t number : numbers) exceptions += shifted_right(plan.map(number), width) != 0 ? 1 : 0;
  }
  writer.varint(exceptions);
  std::size_t last = 0;
  for (std::size_t i = 0; exceptions > 0 && i < numbers.size(); ++i) {
    const std::uint64_t high = shifted_right(plan.map(numbers[i]), width);
    if (high == 0) continue;
    writer.varint(i - last);
    writer.varint(high);
    last = i;
    --exceptions;
  }
  if (width == 0) return;
  const std::size_t begin = out.size();
  out.resize(begin + (((numbers.size() * width) + 7) / 8));
  char* at = out.data() + begin;
  const std::uint64_t mask = width == 64 ? ~0ULL : (1ULL << width) - 1;
  std::uint64_t gathered = 0;
  unsigned filled = 0;
  for (const std::int64_t number : numbers) {
    const std::uint64_t value = plan.map(number) & mask;
    gathered |= value << filled;
    if (filled + width >= 64) {
      std::memcpy(at, &gathered, 8);
      at += 8;
      gathered = shifted_right(value, 64 - filled);
      filled = filled + width - 64;
    } else {
      filled += width;
    }
  }
  std::memcpy(at, &gathered, (filled + 7) / 8);
}

}  // namespace

void PackedInts::write(std::span<const std::int64_t> numbers, std::string& out) {
  write_planned(numbers, plan(numbers), out);
}

std::optional<PackedInts> PackedInts::read(ByteReader& reader, std::size_t size) {
  PackedInts column;
  column.size_ = size;
  const auto head = reader.fixed<std::uint8_t>();
  column.zigzag_ = (head & zigzag_flag) != 0;
  column.width_ = head & 0x7FU;
  if (column.width_ > 64) return std::nullopt;
  if (!column.zigzag_) column.least_ = reader.signed_varint();
  const std::uint64_t exceptions = reader.varint();
  if (!reader.ok() || exceptions > size || exceptions * 2 > reader.left()) return std::nullopt;
  column.exceptions_.reserve(exceptions);
  std::uint64_t index = 0;
  for (std::uint64_t i = 0; i < exceptions; ++i) {
    const std::uint64_t step = reader.varint();
    if (step >= size - index || (i > 0 && step == 0)) return std::nullopt;
    index += step;
    column.exceptions_.push_back({static_cast<std::uint32_t>(index), shifted_left(reader.varint(), column.width_)});
  }
  // size * width stays far below 2^64: sizes are at most a page's limit on rows.
  const std::string_view bits = reader.raw(((size * column.width_) + 7) / 8);
  if (!reader.ok() || reader.left() < slack) return std::nullopt;
  column.bits_ = bits.data();
  return column;
}

void PackedInts::unpack(std::size_t begin, std::span<std::int64_t> out) const {
  const auto least = static_cast<std::uint64_t>(least_);
  const auto finish = [&](std::uint64_t value) {
    return zigzag_ ? from_zigzag(value) : static_cast<std::int64_t>(value + least);
  };
  std::size_t next = 0;
  std::size_t exception = 0;
  if (!exceptions_.empty()) {
    const auto found = std::lower_bound(exceptions_.begin(), exceptions_.end(), begin,
                                        [](const Exception& e, std::size_t i) { return e.index < i; });
    exception = static_cast<std::size_t>(found - exceptions_.begin());
  }
  const auto load = [&](std::size_t index) -> std::uint64_t {
    const std::size_t bit = index * width_;
    const char* at = bits_ + (bit >> 3);
    const auto shift = static_cast<unsigned>(bit & 7);
    std::uint64_t value = 0;
    std::memcpy(&value, at, 8);
    value >>= shift;
    if (shift + width_ > 64) value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(at[8])) << (64 - shift);
    return width_ == 64 ? value : value & ((1ULL << width_) - 1);
  };
  while (next < out.size()) {
    std::size_t stop = out.size();
    if (exception < exceptions_.size()) stop = std::min<std::size_t>(stop, exceptions_[exception].index - begin);
    if (width_ == 0) {
      std::fill(out.begin() + static_cast<std::ptrdiff_t>(next), out.begin() + static_cast<std::ptrdiff_t>(stop),
                finish(0));
    } else {
      for (std::size_t i = next; i < stop; ++i) out[i] = finish(load(begin + i));
    }
    next = stop;
    if (next == out.size()) break;
    const std::uint64_t low = width_ == 0 ? 0 : load(begin + next);
    out[next] = finish(low | exceptions_[exception].high);
    ++exception;
    ++next;
  }
}

void SteppedInts::write(std::span<const std::int64_t> numbers, std::span<const std::uint32_t> starts,
                        std::string& out) {
  const std::size_t series = starts.size() - 1;
  std::vector<std::int64_t> firsts;
  std::vector<std::int64_t> steps;
  firsts.reserve(series);
  steps.reserve(numbers.size() - series);
  for (std::size_t s = 0; s < series; ++s) {
    firsts.push_back(numbers[starts[s]]);
    for (std::size_t i = starts[s] + 1; i < starts[s + 1]; ++i) {
      steps.push_back(static_cast<std::int64_t>(static_cast<std::uint64_t>(numbers[i]) -
                                                static_cast<std::uint64_t>(numbers[i - 1])));
    }
  }
  const Plan whole = plan(numbers);
  const Plan first = plan(firsts);
  const Plan step = plan(steps);
  const bool stepped = first.fit.bits + step.fit.bits + 24 < whole.fit.bits;
  ByteWriter(out).fixed(static_cast<std::uint8_t>(stepped ? 1 : 0));
  if (!stepped) return write_planned(numbers, whole, out);
  write_planned(firsts, first, out);
  write_planned(steps, step, out);
}

std::optional<SteppedInts> SteppedInts::read(ByteReader& reader, std::size_t rows, std::size_t series) {
  const auto mode = reader.fixed<std::uint8_t>();
  if (!reader.ok() || mode > 1 || series > rows) return std::nullopt;
  SteppedInts column;
  column.stepped_ = mode == 1;
  if (column.stepped_) {
    auto firsts = PackedInts::read(reader, series);
    if (!firsts) return std::nullopt;
    column.firsts_ = std::move(*firsts);
  }
  auto numbers = PackedInts::read(reader, column.stepped_ ? rows - series : rows);
  if (!numbers) return std::nullopt;
  column.numbers_ = std::move(*numbers);
  return column;
}

void SteppedInts::unpack(std::size_t series, std::size_t start, std::span<std::int64_t> out) const {
  if (out.empty()) return;
  if (!stepped_) return numbers_.unpack(start, out);
  out[0] = firsts_.at(series);
  if (out.size() == 1) return;
  numbers_.unpack(start - series, out.subspan(1));
  for (std::size_t i = 1; i < out.size(); ++i) {
    out[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(out[i]) + static_cast<std::uint64_t>(out[i - 1]));
  }
}

}  // namespace millrace
