#include "model/digest.hpp"

#include "model/digest_parts.hpp"
#include "model/value_sort.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <new>

namespace millrace {
namespace {

using centroids::Run;
using centroids::Scratch;
using centroids::View;

/// Next size of the value block. With the allocator's own 8 bytes all of these fill their size class.
std::uint32_t next_capacity(std::uint32_t used) {
  for (const std::uint32_t step : {4U, 8U, 12U, 16U, 24U, 32U, 64U, 128U, 256U}) {
    if (used < step) return step;
  }
  return sort_block_size;
}

template <std::size_t n>
std::span<const double> sorted_copy(std::span<const double> values, std::array<double, n>& into) {
  std::copy(values.begin(), values.end(), into.begin());
  std::sort(into.begin(), into.begin() + static_cast<std::ptrdiff_t>(values.size()));
  return {into.data(), values.size()};
}

/// Lowers low and raises high to hold the values.
void widen(std::span<const double> values, double& low, double& high) {
  for (const double value : values) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
}

}  // namespace

void Digest::Release::operator()(Values* values) const noexcept { ::operator delete(values); }
void Digest::Release::operator()(Sketch* sketch) const noexcept { ::operator delete(sketch); }

Digest::Digest(double compression)
    : compression_(static_cast<float>(compression >= least_compression ? std::min(compression, most_compression)
                                                                       : least_compression)) {}

Digest::Digest(const Digest& other) : compression_(other.compression_) {
  if (other.values_ && other.values_->used > 0) Access::add_all(*this, other.values_->all());
  if (other.sketch_) {
    const Sketch& from = *other.sketch_;
    Access::put(*this, {from.run(), from.count, from.min, from.max});
    sketch_->folds = from.folds;
  }
}

Digest::Digest(Digest&& other) noexcept = default;

Digest& Digest::operator=(const Digest& other) {
  if (this != &other) *this = Digest(other);
  return *this;
}

Digest& Digest::operator=(Digest&& other) noexcept = default;
Digest::~Digest() = default;

void Digest::add(double value) {
  if (!values_ || values_->used == values_->capacity) grow_or_fold();
  values_->data()[values_->used++] = value;
}

void Digest::grow_or_fold() {
  const std::uint32_t used = values_ ? values_->used : 0;
  if (used == Values::most) return Access::fold_values(*this);
  const std::uint32_t capacity = next_capacity(used);
  auto* grown = new (::operator new(Values::bytes(capacity))) Values{used, capacity};
  if (used > 0) std::memcpy(grown->data(), values_->data(), used * sizeof(double));
  values_.reset(grown);
}

std::span<const double> Digest::Values::sort() {
  if (used == sort_block_size) {
    sort_block(data());
  } else {
    std::sort(data(), data() + used);
  }
  return all();
}

void Digest::Access::add_all(Digest& digest, std::span<const double> values) {
  while (!values.empty()) {
    if (!digest.values_ || digest.values_->used == digest.values_->capacity) digest.grow_or_fold();
    Values& block = *digest.values_;
    const std::size_t some = std::min<std::size_t>(values.size(), block.capacity - block.used);
    std::memcpy(block.data() + block.used, values.data(), some * sizeof(double));
    block.used += static_cast<std::uint32_t>(some);
    values = values.subspan(some);
  }
}

void Digest::Access::put(Digest& digest, const Incoming& incoming) {
  const std::size_t size = incoming.run.size;
  if (!digest.sketch_ || digest.sketch_->capacity < size) {
    // Rounded up: a sketch that grows does so by a few centroids at a time.
    const std::size_t capacity = (size + 31) / 32 * 32;
    const std::uint64_t folds = digest.sketch_ ? digest.sketch_->folds : 0;
    digest.sketch_.reset(new (::operator new(Sketch::bytes(capacity)))
                             Sketch{0, 0, 0, 0, static_cast<std::uint32_t>(capacity), folds});
  }
  Sketch& sketch = *digest.sketch_;
  sketch.min = incoming.min;
  sketch.max = incoming.max;
  sketch.count = incoming.count;
  sketch.size = static_cast<std::uint32_t>(size);
  std::memcpy(sketch.mean(), incoming.run.mean, size * sizeof(double));
  std::memcpy(sketch.weight(), incoming.run.weight, size * sizeof(double));
}

void Digest::Access::fold_values(Digest& digest) {
  if (!digest.values_ || digest.values_->used == 0) return;
  const std::span<const double> sorted = digest.values_->sort();
  fold_in(digest, {{sorted.data(), nullptr, sorted.size()}, sorted.size(), sorted.front(), sorted.back()});
  digest.values_->used = 0;
}

void Digest::Access::fold_in(Digest& digest, const Incoming& incoming) {
  Scratch scratch;
  Run known;
  std::uint64_t count = incoming.count;
  double low = incoming.min;
  double high = incoming.max;
  bool backwards = false;
  if (digest.sketch_) {
    Sketch& sketch = *digest.sketch_;
    known = sketch.run();
    count += sketch.count;
    low = std::min(low, sketch.min);
    high = std::max(high, sketch.max);
    backwards = (sketch.folds++ & 1) == 0;
  }
  centroids::fold(known, incoming.run, static_cast<double>(count), digest.compression(), backwards, scratch);
  put(digest, {{scratch.mean.data(), scratch.weight.data(), scratch.size}, count, low, high});
}

void Digest::Access::merge(Digest& digest, const Incoming& incoming) {
  // What waits in the buffer goes first: sorted input must not meet its neighbours before what lies between them.
  fold_values(digest);
  if (!digest.sketch_ && incoming.run.size <= centroids::capacity(digest.compression())) return put(digest, incoming);
  fold_in(digest, incoming);
}

View Digest::Access::view(const Digest& digest, Scratch& scratch) {
  const bool buffered = digest.values_ && digest.values_->used > 0;
  if (!buffered) {
    const Sketch& sketch = *digest.sketch_;
    return {sketch.run(), static_cast<double>(sketch.count), sketch.min, sketch.max};
  }
  std::array<double, Values::most> copy;
  const std::span<const double> sorted = sorted_copy(digest.values_->all(), copy);
  View view{{}, static_cast<double>(digest.count()), sorted.front(), sorted.back()};
  Run known;
  bool backwards = false;
  if (digest.sketch_) {
    known = digest.sketch_->run();
    view.min = std::min(view.min, digest.sketch_->min);
    view.max = std::max(view.max, digest.sketch_->max);
    backwards = (digest.sketch_->folds & 1) == 0;
  }
  centroids::fold(known, {sorted.data(), nullptr, sorted.size()}, view.total, digest.compression(), backwards, scratch);
  view.run = {scratch.mean.data(), scratch.weight.data(), scratch.size};
  return view;
}

void Digest::merge(const Digest& other) {
  if (this == &other) return merge(Digest(other));
  if (!other.sketch_) {
    if (other.values_) Access::add_all(*this, other.values_->all());
    return;
  }
  Scratch scratch;
  const View view = Access::view(other, scratch);
  Access::merge(*this, {view.run, other.count(), view.min, view.max});
}

void Digest::compress() {
  if (!exact()) Access::fold_values(*this);
}

std::uint64_t Digest::count() const { return (values_ ? values_->used : 0) + (sketch_ ? sketch_->count : 0); }

bool Digest::exact() const { return !sketch_ && (!values_ || values_->used <= exact_values); }

double Digest::compression() const { return static_cast<double>(compression_); }

double Digest::min() const {
  if (count() == 0) return 0;
  double low = sketch_ ? sketch_->min : values_->data()[0];
  double high = low;
  if (values_) widen(values_->all(), low, high);
  return low;
}

double Digest::max() const {
  if (count() == 0) return 0;
  double high = sketch_ ? sketch_->max : values_->data()[0];
  double low = high;
  if (values_) widen(values_->all(), low, high);
  return high;
}

double Digest::quantile(double q) const {
  if (count() == 0) return 0;
  if (exact()) {
    std::array<double, exact_values> copy;
    return centroids::exact_quantile(sorted_copy(values_->all(), copy), q);
  }
  Scratch scratch;
  return centroids::quantile(Access::view(*this, scratch), q);
}

double Digest::rank(double x) const {
  if (count() == 0) return 0;
  if (exact()) {
    const auto values = values_->all();
    return static_cast<double>(std::count_if(values.begin(), values.end(), [x](double value) { return value <= x; }));
  }
  Scratch scratch;
  return centroids::rank(Access::view(*this, scratch), x);
}

std::vector<Digest::Centroid> Digest::centroids() const {
  std::vector<Centroid> all;
  if (count() == 0) return all;
  if (exact()) {
    std::array<double, exact_values> copy;
    for (const double value : sorted_copy(values_->all(), copy)) all.push_back({value, 1});
    return all;
  }
  Scratch scratch;
  const View view = Access::view(*this, scratch);
  all.reserve(view.run.size);
  for (std::size_t i = 0; i < view.run.size; ++i) {
    all.push_back({view.run.mean[i], static_cast<std::uint64_t>(view.run.weight[i])});
  }
  return all;
}

std::size_t Digest::memory() const {
  return (values_ ? Values::bytes(values_->capacity) : 0) + (sketch_ ? Sketch::bytes(sketch_->capacity) : 0);
}

}  // namespace millrace
