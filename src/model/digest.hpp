#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// A t-digest: quantiles of a stream in bounded memory, mergeable.
///
/// Up to 32 values are kept exactly and answered like percentile_cont (type 7, linear). Beyond that: merging
/// t-digest with buffered input (Dunning & Ertl, "Computing extremely accurate quantiles using t-digests").
/// min and max are exact; quantile(0) = min, quantile(1) = max. Copying is deep; an empty one allocates nothing.
/// Bytes: docs/formats/digest.md.
class Digest {
 public:
  static constexpr double default_compression = 100.0;
  static constexpr std::size_t exact_values = 32;

  explicit Digest(double compression = default_compression);
  Digest(const Digest& other);
  Digest(Digest&& other) noexcept;
  Digest& operator=(const Digest& other);
  Digest& operator=(Digest&& other) noexcept;
  ~Digest();

  /// Adds a finite value.
  void add(double value);
  /// Adds everything that `other` stands for.
  void merge(const Digest& other);

  [[nodiscard]] std::uint64_t count() const;
  /// Of an empty digest: 0.
  [[nodiscard]] double min() const;
  [[nodiscard]] double max() const;
  /// The value at quantile q in [0, 1]; 0 for an empty digest. Does not change what later calls answer.
  [[nodiscard]] double quantile(double q) const;
  /// Estimated number of values <= x.
  [[nodiscard]] double rank(double x) const;
  /// True while all values are kept as they came.
  [[nodiscard]] bool exact() const;
  [[nodiscard]] double compression() const;

  /// The kept values (exact) or centroids, ascending by mean, buffer included.
  struct Centroid {
    double mean;
    std::uint64_t weight;
    friend bool operator==(const Centroid&, const Centroid&) = default;
  };
  [[nodiscard]] std::vector<Centroid> centroids() const;

  /// Appends the digest's bytes.
  void encode(std::string& out) const;
  /// Reads bytes that encode wrote (this or an older version); `corrupt` for anything else, never undefined behaviour.
  [[nodiscard]] static Result<Digest> decode(std::string_view bytes);

  /// Heap bytes held.
  [[nodiscard]] std::size_t memory() const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
  float compression_;
};

}  // namespace millrace
