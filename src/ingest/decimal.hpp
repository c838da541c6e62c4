#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace {

/// A number as JSON writes it, judged by its digits and not by a rounded double. `token` keeps JSON's grammar.
class Decimal {
 public:
  explicit Decimal(std::string_view token);

  [[nodiscard]] bool negative() const { return negative_; }
  /// The nearest double; nothing if it lies beyond the finite ones.
  [[nodiscard]] std::optional<double> to_double() const;
  /// Its value if it is whole, however it is written (1.795e12, 1795000000000.0); beyond +-10^18 it is that.
  [[nodiscard]] std::optional<std::int64_t> to_whole() const;

 private:
  std::string_view token_;
  bool negative_ = false;
  std::int64_t digits_ = 0;    ///< Without leading zeros; 0: the number is zero.
  std::int64_t zeros_ = 0;     ///< Zeros that the digits end with.
  std::int64_t fraction_ = 0;  ///< How many of the digits lie behind the point, by the exponent too; may be negative.
};

}  // namespace millrace
