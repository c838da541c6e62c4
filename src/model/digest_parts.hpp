#pragma once

#include "model/centroids.hpp"
#include "model/digest.hpp"
#include "model/value_sort.hpp"

#include <span>

namespace millrace {

/// Values as they came, unsorted, in one allocation: header and room for `capacity` doubles.
struct Digest::Values {
  std::uint32_t used;
  std::uint32_t capacity;

  static constexpr std::size_t most = sort_block_size;

  [[nodiscard]] double* data() { return reinterpret_cast<double*>(this + 1); }
  [[nodiscard]] const double* data() const { return reinterpret_cast<const double*>(this + 1); }
  [[nodiscard]] std::span<const double> all() const { return {data(), used}; }
  /// Sorts them where they are.
  std::span<const double> sort();
  [[nodiscard]] static std::size_t bytes(std::size_t capacity) { return sizeof(Values) + (capacity * sizeof(double)); }
};

/// Centroids ascending by mean, in one allocation: header, room for `capacity` means, then for as many weights.
struct Digest::Sketch {
  double min;
  double max;
  std::uint64_t count;
  std::uint32_t size;
  std::uint32_t capacity;
  std::uint64_t folds;  ///< How often it was folded: the parity gives the direction.

  [[nodiscard]] double* mean() { return reinterpret_cast<double*>(this + 1); }
  [[nodiscard]] double* weight() { return mean() + capacity; }
  [[nodiscard]] const double* mean() const { return reinterpret_cast<const double*>(this + 1); }
  [[nodiscard]] const double* weight() const { return mean() + capacity; }
  [[nodiscard]] centroids::Run run() const { return {mean(), weight(), size}; }
  [[nodiscard]] static std::size_t bytes(std::size_t capacity) {
    return sizeof(Sketch) + (2 * capacity * sizeof(double));
  }
};

/// What digest.cpp and digest_bytes.cpp do with a digest's insides.
struct Digest::Access {
  /// Centroids from outside that are to be merged.
  struct Incoming {
    centroids::Run run;
    std::uint64_t count;
    double min;
    double max;
  };

  static void add_all(Digest& digest, std::span<const double> values);
  static void merge(Digest& digest, const Incoming& incoming);
  static void fold_values(Digest& digest);
  static void fold_in(Digest& digest, const Incoming& incoming);
  /// The digest's centroids with its buffer folded in; scratch holds them if a fold was needed. Not for an empty one.
  static centroids::View view(const Digest& digest, centroids::Scratch& scratch);
  static void put(Digest& digest, const Incoming& incoming);
};

}  // namespace millrace
