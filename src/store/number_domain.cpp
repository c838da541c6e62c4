#include "store/number_domain.hpp"

#include <algorithm>

namespace millrace {

NumberDomain NumberDomain::of(std::span<const double> values) {
  constexpr std::size_t sample = 128;
  const std::size_t step = std::max<std::size_t>(1, values.size() / sample);
  for (unsigned places = 0; places <= most_places; ++places) {
    const NumberDomain domain = decimal(places);
    std::size_t seen = 0;
    std::size_t held = 0;
    for (std::size_t i = 0; i < values.size(); i += step) {
      ++seen;
      held += domain.whole(values[i]) ? 1 : 0;
    }
    if (held * 8 >= seen * 7) return domain;
  }
  return bits();
}

}  // namespace millrace
