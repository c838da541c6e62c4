#include "model/rollup.hpp"

#include <cmath>

namespace millrace {
namespace {

/// One step of Neumaier's summation. A sum that left the doubles has no rounding error to speak of, only a NaN.
void accumulate(double& sum, double& compensation, double value) {
  const double next = sum + value;
  if (std::isfinite(next)) {
    compensation += std::abs(sum) >= std::abs(value) ? (sum - next) + value : (value - next) + sum;
  }
  sum = next;
}

}  // namespace

void Rollup::add(double value, Millis at) {
  accumulate(sum, compensation, value);
  if (count++ == 0) {
    min = max = first = last = value;
    first_time = last_time = at;
  } else {
    if (value < min) min = value;
    if (value > max) max = value;
    if (at < first_time) {
      first_time = at;
      first = value;
    }
    if (at >= last_time) {
      last_time = at;
      last = value;
    }
  }
  digest.add(value);
}

void Rollup::merge(const Rollup& later) {
  digest.merge(later.digest);
  merge_plain(later);
}

void Rollup::merge_plain(const Rollup& later) {
  if (later.count == 0) return;
  if (count == 0) {
    sum = later.sum;
    compensation = later.compensation;
    min = later.min;
    max = later.max;
    first = later.first;
    last = later.last;
    first_time = later.first_time;
    last_time = later.last_time;
    count = later.count;
    return;
  }
  const bool later_is_last = later.last_time >= last_time;
  const bool later_is_first = later.first_time < first_time;
  const double later_compensation = later.compensation;
  accumulate(sum, compensation, later.sum);
  compensation += later_compensation;
  count += later.count;
  if (later.min < min) min = later.min;
  if (later.max > max) max = later.max;
  if (later_is_first) {
    first_time = later.first_time;
    first = later.first;
  }
  if (later_is_last) {
    last_time = later.last_time;
    last = later.last;
  }
}

}  // namespace millrace
