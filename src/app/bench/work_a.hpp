#pragma once

#include "base/types.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace millrace {

/// The usual load as NDJSON: 1,000 sources x 10 metrics with two tags, each series a random walk (start gauss(50, 10),
/// step uniform +-0.5, two decimals), one value a second. Part `part` of `parts` holds every parts-th source, so that
/// several connections share the work and each keeps its sources in order.
class WorkA {
 public:
  WorkA(std::uint64_t seed, std::size_t part, std::size_t parts, Millis start);

  static constexpr std::size_t sources = 1'000;
  static constexpr std::size_t metrics = 10;

  /// The next `lines` events.
  [[nodiscard]] std::string batch(std::size_t lines);

 private:
  struct Series {
    std::string before;  ///< The line up to the timestamp's digits.
    std::int64_t cents;
  };

  std::mt19937_64 random_;
  std::vector<Series> series_;
  std::size_t next_ = 0;
  Millis now_;
};

}  // namespace millrace
