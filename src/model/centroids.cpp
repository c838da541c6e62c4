#include "model/centroids.hpp"

#include <algorithm>
#include <cmath>

namespace millrace::centroids {
namespace {

/// Largest weight of a centroid that lies at cumulative weight x: scale function k2, which gives total * q (1 - q) / d
/// with d growing with log(total), so that the number of centroids stays bounded.
class Limit {
 public:
  Limit(double total, double compression, double coarser) : total_(total) {
    const double delta = compression * fineness;
    const double spread = (4.0 * std::log(std::max(1.0, total / delta))) + 24.0;
    factor_ = coarser * spread / delta / total;
  }
  [[nodiscard]] double at(double x) const { return factor_ * x * (total_ - x); }

 private:
  double total_;
  double factor_;
};

/// The centroid under construction: items come in order, so its mean lies between its first and its last.
struct Open {
  double sum = 0;
  double weight = 0;
  double first = 0;
  double last = 0;

  void start(double mean, double by) {
    sum = mean * by;
    weight = by;
    first = last = mean;
  }
  void take(double mean, double by) {
    sum += mean * by;
    weight += by;
    last = mean;
  }
  [[nodiscard]] double mean() const {
    const double low = std::min(first, last);
    const double high = std::max(first, last);
    if (low == high) return first;
    const double mean = sum / weight;
    // Huge values overflow the sum; the middle of the range is as good as any.
    return std::isfinite(mean) ? std::clamp(mean, low, high) : (low / 2) + (high / 2);
  }
};

template <bool backwards>
struct Cursor {
  explicit Cursor(Run run) : run_(run), at_(0) {}
  [[nodiscard]] bool done() const { return at_ == run_.size; }
  [[nodiscard]] double mean() const { return run_.mean[index()]; }
  [[nodiscard]] double weight() const { return run_.weight == nullptr ? 1.0 : run_.weight[index()]; }
  void next() { ++at_; }

 private:
  [[nodiscard]] std::size_t index() const { return backwards ? run_.size - 1 - at_ : at_; }
  Run run_;
  std::size_t at_;
};

/// False when the centroids do not fit.
template <bool backwards>
bool fold_towards(Run run_a, Run run_b, double total, Limit limit, std::size_t room, Scratch& out) {
  Cursor<backwards> a(run_a);
  Cursor<backwards> b(run_b);
  Open open;
  double before = 0;  // weight of all closed centroids
  double limit_before = 0;
  out.size = 0;
  bool started = false;
  while (!a.done() || !b.done()) {
    const bool from_a = b.done() || (!a.done() && (backwards ? a.mean() >= b.mean() : a.mean() <= b.mean()));
    Cursor<backwards>& from = from_a ? a : b;
    const double mean = from.mean();
    const double weight = from.weight();
    from.next();
    if (!started) {
      open.start(mean, weight);
      started = true;
      continue;
    }
    const double proposed = open.weight + weight;
    if (proposed <= limit_before && proposed <= limit.at(before + proposed)) {
      open.take(mean, weight);
      continue;
    }
    if (out.size == room) return false;
    out.mean[out.size] = open.mean();
    out.weight[out.size++] = open.weight;
    before += open.weight;
    limit_before = limit.at(before);
    open.start(mean, weight);
  }
  if (started) {
    if (out.size == room) return false;
    out.mean[out.size] = open.mean();
    out.weight[out.size++] = open.weight;
  }
  if (backwards) {
    std::reverse(out.mean.begin(), out.mean.begin() + static_cast<std::ptrdiff_t>(out.size));
    std::reverse(out.weight.begin(), out.weight.begin() + static_cast<std::ptrdiff_t>(out.size));
  }
  (void)total;
  return true;
}

}  // namespace

void fold(Run a, Run b, double total, double compression, bool backwards, Scratch& out) {
  const std::size_t room = std::min(capacity(compression), most);
  for (double coarser = 1;; coarser *= 2) {
    const Limit limit(total, compression, coarser);
    const bool fits = backwards ? fold_towards<true>(a, b, total, limit, room, out)
                                : fold_towards<false>(a, b, total, limit, room, out);
    if (fits) return;
  }
}

double quantile(const View& view, double q) {
  if (!(q > 0)) return view.min;
  if (q >= 1) return view.max;
  const Run& run = view.run;
  const double index = q * view.total;
  if (index < 1) return view.min;
  if (index > view.total - 1) return view.max;
  const double first = run.weight[0];
  const double last = run.weight[run.size - 1];
  // One of the first centroid's values is known to be min, one of the last's to be max.
  if (first > 1 && index < first / 2) return std::lerp(view.min, run.mean[0], (index - 1) / ((first / 2) - 1));
  if (last > 1 && view.total - index < last / 2) {
    return std::lerp(view.max, run.mean[run.size - 1], (view.total - index - 1) / ((last / 2) - 1));
  }
  double middle = first / 2;  // cumulative weight at the centre of centroid i
  for (std::size_t i = 0; i + 1 < run.size; ++i) {
    const double step = (run.weight[i] + run.weight[i + 1]) / 2;
    if (middle + step > index) {
      const double left = run.weight[i] == 1 ? 0.5 : 0;
      const double right = run.weight[i + 1] == 1 ? 0.5 : 0;
      const double past = index - middle - left;
      const double ahead = middle + step - index - right;
      if (left > 0 && past < 0) return run.mean[i];
      if (right > 0 && ahead <= 0) return run.mean[i + 1];
      return std::lerp(run.mean[i], run.mean[i + 1], past / (past + ahead));
    }
    middle += step;
  }
  return run.mean[run.size - 1];
}

double rank(const View& view, double x) {
  if (x < view.min) return 0;
  if (x >= view.max) return view.total;
  const Run& run = view.run;
  if (x < run.mean[0]) {
    const double span = run.mean[0] - view.min;
    const double most_left = std::max(1.0, run.weight[0] / 2);
    return 1 + ((most_left - 1) * ((x - view.min) / span));
  }
  double before = 0;  // weight of all centroids below i
  std::size_t i = 0;
  for (; i + 1 < run.size && run.mean[i + 1] <= x; ++i) before += run.weight[i];
  const double weight = run.weight[i];
  // Two centroids with one mean are one value met often: all of it is <= x.
  const bool whole = weight == 1 || (i > 0 && run.mean[i - 1] == run.mean[i]);
  const double from = before + (whole ? weight : weight / 2);
  const bool at_end = i + 1 == run.size;
  const double next_mean = at_end ? view.max : run.mean[i + 1];
  const double next_weight = at_end ? 0 : run.weight[i + 1];
  const double to = at_end ? view.total - 1 : before + weight + (next_weight == 1 ? 0 : next_weight / 2);
  if (to <= from || next_mean <= run.mean[i]) return from;
  // Halved, because the distance of huge values can overflow.
  const double share = ((x / 2) - (run.mean[i] / 2)) / ((next_mean / 2) - (run.mean[i] / 2));
  return from + ((to - from) * std::clamp(share, 0.0, 1.0));
}

double exact_quantile(std::span<const double> sorted, double q) {
  if (!(q > 0)) return sorted.front();
  if (q >= 1) return sorted.back();
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  if (below + 1 >= sorted.size()) return sorted.back();
  return std::lerp(sorted[below], sorted[below + 1], position - static_cast<double>(below));
}

}  // namespace millrace::centroids
