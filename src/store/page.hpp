#pragma once

#include "base/result.hpp"
#include "base/types.hpp"
#include "model/rollup.hpp"
#include "store/number_domain.hpp"
#include "store/packed_ints.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// A row of a page without its digest.
struct PageRow {
  SeriesId series;
  Millis bucket;
  std::uint64_t count = 0;
  double sum = 0;
  double compensation = 0;
  double min = 0;
  double max = 0;
  double first = 0;
  double last = 0;
  Millis first_time;
  Millis last_time;

  friend bool operator==(const PageRow&, const PageRow&) = default;
};

/// The stretch of time that pages of a level never cross: an hour of 10 s rows and of raw points, six hours of 1 m
/// rows, a day of 1 h rows. At most 360 buckets.
[[nodiscard]] constexpr Duration page_span(Level level) {
  switch (level) {
    case Level::raw:
    case Level::ten_seconds: return Duration{3'600'000};
    case Level::minute: return Duration{6 * 3'600'000};
    case Level::hour: break;
  }
  return Duration{24 * 3'600'000};
}

/// Most rows or points that a page holds; bytes that claim more are corrupt.
inline constexpr std::size_t most_page_rows = 65'536;
/// Most buckets in a span.
inline constexpr std::size_t most_span_buckets = 360;

/// Bytes of a page of rows: ascending by (series, bucket), all of one level and in the span that starts at `start`,
/// buckets aligned, 1 to most_page_rows of them. Format: docs/formats/page.md.
[[nodiscard]] std::string encode_page(Level level, Millis start, std::span<const PageRow> rows);

/// A page of rows, opened to be read one series at a time. Borrows the bytes. Hostile bytes give `corrupt`.
class Page {
 public:
  [[nodiscard]] static Result<Page> open(std::string_view bytes);

  [[nodiscard]] Level level() const { return level_; }
  [[nodiscard]] Millis start() const { return start_; }
  [[nodiscard]] std::size_t rows() const { return starts_.back(); }
  /// The series in it, ascending.
  [[nodiscard]] std::span<const SeriesId> series() const { return series_; }
  /// First row of each series, and at the end the number of rows.
  [[nodiscard]] std::span<const std::uint32_t> starts() const { return starts_; }

  /// The rows of series number `index` of series(), ascending by bucket. The span is good until the next call.
  [[nodiscard]] Result<std::span<const PageRow>> read(std::size_t index);

 private:
  struct Patch {
    std::uint32_t row;
    std::uint8_t field;
    double value;
  };
  enum class Compensation : std::uint8_t { zero = 0, scaled = 1, bits = 2 };

  Page() = default;
  bool parse(std::string_view bytes);
  bool parse_series(ByteReader& reader, std::size_t rows);
  bool parse_patches(ByteReader& reader);
  void patch(std::size_t start, std::span<PageRow> rows) const;

  Level level_ = Level::ten_seconds;
  Millis start_;
  std::vector<SeriesId> series_;
  std::vector<std::uint32_t> starts_;
  PackedInts first_buckets_;
  PackedInts bucket_gaps_;
  SteppedInts counts_;
  SteppedInts first_times_;
  SteppedInts last_times_;
  NumberDomain domain_;
  PackedInts bases_;   ///< `first` of each series' first row.
  PackedInts firsts_;  ///< Of the other rows: from the row before's `last`.
  PackedInts lasts_;   ///< From `first`.
  PackedInts mins_;    ///< Below the lesser of first and last.
  PackedInts maxes_;   ///< Above the greater of them.
  SteppedInts sums_;
  PackedInts sum_steps_;  ///< Decimal only: how many doubles the sum lies above the multiple.
  Compensation compensation_ = Compensation::zero;
  std::int64_t compensation_exponent_ = 0;
  PackedInts compensations_;
  std::vector<Patch> patches_;
  std::vector<PageRow> out_;
  std::vector<std::int64_t> columns_;  ///< Scratch for one series: a column after another.
};

}  // namespace millrace
