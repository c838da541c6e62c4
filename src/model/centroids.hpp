#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

/// The arithmetic of the t-digest over plain arrays; Digest keeps the arrays. Nothing here allocates.
namespace millrace::centroids {

/// Finer than the compression that people name by this factor; decision 0020 has the measurements.
inline constexpr double fineness = 3.0;

/// How many centroids a fold at this compression may leave.
[[nodiscard]] constexpr std::size_t capacity(double compression) {
  return static_cast<std::size_t>(fineness * compression) + 32;
}

/// Enough for the largest compression: what scratch space is sized by.
inline constexpr std::size_t most = capacity(1000.0);

/// Means in ascending order with their weights; no weights: each is a single value.
struct Run {
  const double* mean = nullptr;
  const double* weight = nullptr;
  std::size_t size = 0;
};

/// Where a fold leaves its centroids. Not initialised: it is large and mostly stays untouched.
struct Scratch {
  std::array<double, most> mean;
  std::array<double, most> weight;
  std::size_t size = 0;

  Scratch() {}  // NOLINT(modernize-use-equals-default): {} would zero the arrays
};

/// Merges two runs of together `total` weight into at most capacity(compression) centroids, ascending.
/// `backwards` starts at the largest: alternating the direction keeps centroids from drifting to one side.
void fold(Run a, Run b, double total, double compression, bool backwards, Scratch& out);

/// A folded digest, to be asked. Never empty.
struct View {
  Run run;
  double total;
  double min;
  double max;
};

/// The value at quantile q: between centroids by Dunning & Ertl; a centroid of weight one is the value itself.
[[nodiscard]] double quantile(const View& view, double q);
/// Estimated number of values <= x.
[[nodiscard]] double rank(const View& view, double x);

/// The quantile of sorted values like percentile_cont: linear between neighbours, type 7. Not for an empty span.
[[nodiscard]] double exact_quantile(std::span<const double> sorted, double q);

}  // namespace millrace::centroids
