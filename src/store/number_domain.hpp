#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>

namespace millrace {

/// How the doubles of a page stand as whole numbers: as multiples of 10^-places, where dividing gives back the same
/// bits, or as their bits in an order that follows the values. Either way the way back is exact.
class NumberDomain {
 public:
  static constexpr unsigned most_places = 9;

  /// Bits.
  NumberDomain() = default;
  [[nodiscard]] static NumberDomain bits() { return {}; }
  [[nodiscard]] static NumberDomain decimal(unsigned places) { return NumberDomain(places); }
  /// The one with the fewest places that holds seven of eight of the values; bits if there is none.
  [[nodiscard]] static NumberDomain of(std::span<const double> values);

  /// One byte: places, or 255.
  [[nodiscard]] std::uint8_t code() const { return static_cast<std::uint8_t>(places_); }
  [[nodiscard]] static std::optional<NumberDomain> from_code(std::uint8_t code) {
    if (code == bits_code) return bits();
    if (code > most_places) return std::nullopt;
    return decimal(code);
  }
  [[nodiscard]] bool is_bits() const { return places_ == bits_code; }

  /// Absent if the value is no such multiple (or is -0, which no multiple gives back).
  [[nodiscard]] std::optional<std::int64_t> whole(double value) const {
    if (is_bits()) return ordered(value);
    const auto number = nearest(value);
    if (!number || std::bit_cast<std::uint64_t>(static_cast<double>(*number) / powers[places_]) !=
                       std::bit_cast<std::uint64_t>(value)) {
      return std::nullopt;
    }
    return number;
  }
  /// Decimal only: the multiple next to the value; absent beyond 2^51 of them.
  [[nodiscard]] std::optional<std::int64_t> nearest(double value) const {
    const double scaled = value * powers[places_];
    if (!(std::abs(scaled) < limit)) return std::nullopt;
    // Adding 1.5 * 2^52 leaves no room for a fraction: rounds as std::nearbyint does, without a call.
    return static_cast<std::int64_t>((scaled + rounder) - rounder);
  }
  [[nodiscard]] double value(std::int64_t number) const {
    return is_bits() ? from_ordered(number) : static_cast<double>(number) / powers[places_];
  }

  /// A double's bits as a number that rises with the value.
  [[nodiscard]] static std::int64_t ordered(double value) {
    const auto bits = std::bit_cast<std::int64_t>(value);
    return bits < 0 ? bits ^ 0x7FFF'FFFF'FFFF'FFFF : bits;
  }
  [[nodiscard]] static double from_ordered(std::int64_t number) {
    return std::bit_cast<double>(number < 0 ? number ^ 0x7FFF'FFFF'FFFF'FFFF : number);
  }

 private:
  static constexpr unsigned bits_code = 255;
  static constexpr double limit = 2251799813685248.0;    // 2^51: rounder's precondition
  static constexpr double rounder = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr std::array<double, most_places + 1> powers{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

  explicit NumberDomain(unsigned places) : places_(places) {}

  unsigned places_ = bits_code;
};

/// Whole numbers that wrap around as those of the format do, whatever bytes they came from.
namespace wrapping {
[[nodiscard]] inline std::int64_t add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
[[nodiscard]] inline std::int64_t subtract(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
[[nodiscard]] inline std::int64_t multiply(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}
}  // namespace wrapping

}  // namespace millrace
