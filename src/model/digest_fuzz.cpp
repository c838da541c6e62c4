#include "model/digest.hpp"

#include <cmath>
#include <cstdlib>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// Whatever bytes are taken must give a digest that keeps its promises.
void check(const millrace::Digest& digest) {
  if (digest.count() == 0) return;
  double below = digest.min();
  for (int i = 0; i <= 50; ++i) {
    const double value = digest.quantile(i / 50.0);
    require(std::isfinite(value) && value >= below && value <= digest.max());
    require(digest.rank(value) >= 0 && digest.rank(value) <= static_cast<double>(digest.count()));
    below = value;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto digest = millrace::Digest::decode(bytes);
  millrace::Digest into;
  for (int i = 0; i < 600; ++i) into.add(i);
  const bool merged = millrace::Digest::merge_encoded(into, bytes).has_value();
  require(merged == digest.has_value());
  if (!digest) return 0;
  check(*digest);
  require(into.count() == 600 + digest->count());
  check(into);
  std::string again;
  digest->encode(again);
  const auto twice = millrace::Digest::decode(again);
  require(twice && twice->centroids() == digest->centroids() && twice->count() == digest->count());
  return 0;
}
