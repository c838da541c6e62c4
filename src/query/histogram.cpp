#include "query/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace millrace {

std::vector<Point::Bin> histogram(const Digest& digest, std::size_t bins) {
  const auto all = static_cast<double>(digest.count());
  if (digest.count() == 0 || bins == 0) return {};
  const double low = digest.min();
  const double high = digest.max();
  if (!(low < high) || bins == 1) return {{low, high, all}};
  const bool logarithmic = low > 0;
  std::vector<Point::Bin> result;
  result.reserve(bins);
  double edge = low;
  double below = 0;
  for (std::size_t i = 1; i <= bins; ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(bins);
    const double raw =
        logarithmic ? std::exp(std::log(low) * (1 - part) + std::log(high) * part) : low * (1 - part) + high * part;
    // Rounding must neither turn edges round nor lose the extremes.
    const double next = i == bins ? high : std::clamp(raw, edge, high);
    const double upto = i == bins ? all : std::clamp(digest.rank(next), below, all);
    result.push_back({edge, next, upto - below});
    edge = next;
    below = upto;
  }
  return result;
}

}  // namespace millrace
