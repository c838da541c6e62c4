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
  static constexpr double least_compression = 20.0;
  static constexpr double most_compression = 1000.0;

  /// `compression`: more is finer and larger; held to [20, 1000].
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
  /// Adds what the bytes of another one stand for without building it: the way to merge many stored ones.
  /// `corrupt` or `unsupported_version` as decode; then `into` is unchanged.
  [[nodiscard]] static Result<void> merge_encoded(Digest& into, std::string_view bytes);
  /// Folds buffered values in. Changes no answer's meaning; makes several quantiles in a row cheap.
  void compress();

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
  struct Values;
  struct Sketch;
  struct Access;
  struct Release {
    void operator()(Values* values) const noexcept;
    void operator()(Sketch* sketch) const noexcept;
  };
  void grow_or_fold();
  std::unique_ptr<Values, Release> values_;  ///< As they came: all of them, or what the sketch has not folded in yet.
  std::unique_ptr<Sketch, Release> sketch_;
  float compression_;
};

}  // namespace millrace
