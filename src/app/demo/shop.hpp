#pragma once

#include "base/types.hpp"

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

/// One simulated event.
struct ShopEvent {
  std::string_view metric;
  std::string_view source;
  double value = 0;
  Millis at;
  std::span<const std::pair<std::string_view, std::string_view>> tags;  ///< Owned by the Shop.
};

/// A simulated web shop: 20 sources in four regions and four services, about 25 requests a second with a heavy tail,
/// errors, orders, and now and then an incident on one source. The same seed gives the same events.
class Shop {
 public:
  explicit Shop(std::uint64_t seed);

  /// Everything that happens in [from, from + 1 s), ascending by time.
  [[nodiscard]] std::vector<ShopEvent> second(Millis from);

 private:
  struct Source {
    std::string name;
    std::vector<std::pair<std::string_view, std::string_view>> tags;
    double requests = 0;  ///< So far: a counter that only rises.
    double speed = 1;     ///< Factor on its latency.
  };

  std::mt19937_64 random_;
  std::vector<Source> sources_;
  std::size_t incident_source_ = 0;
  Millis incident_until_ = Millis::never();
};

}  // namespace millrace
