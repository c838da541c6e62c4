#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>
#include <vector>

/// Data to test and measure digests with; the same numbers from every compiler and library.
namespace millrace::samples {

enum class Shape { uniform, lognormal, bimodal, pareto, sorted, reversed, constant };

inline constexpr Shape shapes[] = {Shape::uniform, Shape::lognormal, Shape::bimodal, Shape::pareto,
                                   Shape::sorted,  Shape::reversed,  Shape::constant};

inline std::string_view name(Shape shape) {
  constexpr std::string_view names[] = {"uniform", "lognormal", "bimodal", "pareto", "sorted", "reversed", "constant"};
  return names[static_cast<std::size_t>(shape)];
}

/// SplitMix64.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  /// In [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  double normal() { return std::sqrt(-2 * std::log(1 - uniform())) * std::cos(2 * std::numbers::pi * uniform()); }

 private:
  std::uint64_t state_;
};

inline std::vector<double> draw(Shape shape, std::size_t n, std::uint64_t seed = 1) {
  Random random((seed * 1000) + static_cast<std::uint64_t>(shape));
  std::vector<double> values;
  values.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    switch (shape) {
      case Shape::uniform: values.push_back(random.uniform()); break;
      case Shape::lognormal: values.push_back(std::exp(random.normal())); break;
      case Shape::bimodal: values.push_back(random.normal() + (random.uniform() < 0.5 ? 0 : 10)); break;
      case Shape::pareto: values.push_back(std::pow(1 - random.uniform(), -1 / 1.2)); break;
      case Shape::sorted: values.push_back(static_cast<double>(i)); break;
      case Shape::reversed: values.push_back(static_cast<double>(n - i)); break;
      case Shape::constant: values.push_back(42.1); break;
    }
  }
  return values;
}

}  // namespace millrace::samples
