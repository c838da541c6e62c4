#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>

namespace millrace {

/// An integer that can't be mixed up with another one: ids, offsets, counts. Compare and hash only.
template <class Tag, class Rep>
struct Strong {
  Rep value{};

  constexpr Strong() = default;
  constexpr explicit Strong(Rep v) : value(v) {}
  friend constexpr auto operator<=>(const Strong&, const Strong&) = default;
};

/// A partition of the log: the unit of order, ownership, commit and recovery.
using PartitionId = Strong<struct PartitionTag, std::uint16_t>;
/// A dense number for (metric, source, tags), given by the catalog; stable in one data folder.
using SeriesId = Strong<struct SeriesTag, std::uint32_t>;
/// A dense number for a metric name, given by the catalog; stable in one data folder.
using MetricId = Strong<struct MetricTag, std::uint32_t>;
/// A position in the log: a block number (journal) or a record offset (Kafka).
using Offset = Strong<struct OffsetTag, std::uint64_t>;
/// Counts the owners that a partition has had; a higher one fences a lower one.
using Epoch = Strong<struct EpochTag, std::uint64_t>;

using Duration = std::chrono::milliseconds;

/// A moment: milliseconds since 1970-01-01T00:00:00Z, UTC, no leap seconds.
struct Millis {
  std::int64_t value{};

  constexpr Millis() = default;
  constexpr explicit Millis(std::int64_t v) : value(v) {}
  friend constexpr auto operator<=>(const Millis&, const Millis&) = default;
  friend constexpr Millis operator+(Millis at, Duration by) { return Millis{at.value + by.count()}; }
  friend constexpr Millis operator-(Millis at, Duration by) { return Millis{at.value - by.count()}; }
  friend constexpr Duration operator-(Millis a, Millis b) { return Duration{a.value - b.value}; }

  /// Before every event: the watermark of a partition that has seen nothing.
  static constexpr Millis never() { return Millis{std::numeric_limits<std::int64_t>::min() / 2}; }
};

/// Start of the window of `width` that holds `at`: aligned to the epoch, start inclusive, end exclusive.
[[nodiscard]] constexpr Millis align_down(Millis at, Duration width) {
  const std::int64_t w = width.count();
  const std::int64_t r = at.value % w;
  return Millis{at.value - (r < 0 ? r + w : r)};
}

}  // namespace millrace

template <class Tag, class Rep>
struct std::hash<millrace::Strong<Tag, Rep>> {
  std::size_t operator()(const millrace::Strong<Tag, Rep>& id) const noexcept {
    return static_cast<std::size_t>(id.value * 0x9E3779B97F4A7C15ULL);
  }
};
template <>
struct std::hash<millrace::Millis> {
  std::size_t operator()(const millrace::Millis& at) const noexcept {
    return static_cast<std::size_t>(static_cast<std::uint64_t>(at.value) * 0x9E3779B97F4A7C15ULL);
  }
};
