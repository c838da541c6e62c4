#pragma once

#include "base/result.hpp"
#include "base/types.hpp"
#include "store/number_domain.hpp"
#include "store/packed_ints.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

struct RawPoint;

/// Bytes of a page of raw points: sorted by (series, time), equal times in accepted order, all in the span that
/// starts at `start`; 1 to most_page_rows of them. Format: docs/formats/page.md.
[[nodiscard]] std::string encode_raw_page(Millis start, std::span<const RawPoint> points);

/// A page of raw points, opened to be read one series at a time. Borrows the bytes. Hostile bytes give `corrupt`.
class RawPage {
 public:
  [[nodiscard]] static Result<RawPage> open(std::string_view bytes);

  [[nodiscard]] Millis start() const { return start_; }
  [[nodiscard]] std::size_t points() const { return starts_.back(); }
  /// The series in it, ascending.
  [[nodiscard]] std::span<const SeriesId> series() const { return series_; }

  /// The points of series number `index` of series(). The span is good until the next call.
  [[nodiscard]] Result<std::span<const RawPoint>> read(std::size_t index);

  RawPage(RawPage&&) noexcept;
  RawPage& operator=(RawPage&&) noexcept;
  ~RawPage();

 private:
  RawPage();
  bool parse(std::string_view bytes);
  bool parse_series(ByteReader& reader, std::size_t points);

  Millis start_;
  std::vector<SeriesId> series_;
  std::vector<std::uint32_t> starts_;
  PackedInts first_times_;  ///< From the start of the span.
  PackedInts first_steps_;  ///< From a series' first point to its second.
  PackedInts step_changes_;
  NumberDomain domain_;
  PackedInts bases_;
  PackedInts steps_;
  std::vector<std::uint32_t> second_;  ///< Series with more than one point before each series.
  std::vector<std::pair<std::uint32_t, double>> patches_;
  std::vector<RawPoint> out_;
  std::vector<std::int64_t> numbers_;
};

}  // namespace millrace
