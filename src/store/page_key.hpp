#pragma once

#include "base/types.hpp"
#include "model/rollup.hpp"

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// Pages that one merge may touch hold series of one shard: ids that agree above this many bits. Bounds a merge.
inline constexpr unsigned shard_bits = 14;
[[nodiscard]] constexpr std::uint32_t shard_of(SeriesId series) { return series.value >> shard_bits; }

/// Number of the span (page_span) of a level that holds `at`; rises with time.
[[nodiscard]] std::int32_t span_of(Level level, Millis at);
[[nodiscard]] Millis span_start(Level level, std::int32_t span);

/// A metric in a span: what a reader looks up.
struct SpanKey {
  Level level;
  std::int32_t span;
  MetricId metric;

  friend auto operator<=>(const SpanKey&, const SpanKey&) = default;
};

/// What is merged together: the runs of one partition's shard of a metric in a span.
struct GroupKey {
  SpanKey span;
  PartitionId partition;
  std::uint32_t shard;

  friend auto operator<=>(const GroupKey&, const GroupKey&) = default;
};

/// Where a page lies. A run is what one commit or one merge wrote into a group: pages in order, no series twice
/// in rows. The higher run is the newer one; a merge keeps the number of its newest input.
struct PageKey {
  GroupKey group;
  std::uint64_t run;
  std::uint32_t ordinal;

  friend auto operator<=>(const PageKey&, const PageKey&) = default;
};

/// Bytes that sort as the keys do: big-endian, level first. Prefixes of a PageKey's bytes are those of its parts.
[[nodiscard]] std::string encode_level(Level level);
[[nodiscard]] std::string encode_span(Level level, std::int32_t span);
[[nodiscard]] std::string encode(const SpanKey& key);
[[nodiscard]] std::string encode(const GroupKey& key);
[[nodiscard]] std::string encode(const PageKey& key);
[[nodiscard]] std::optional<PageKey> decode_page_key(std::string_view bytes);

/// What the index says of a page, so that finding pages never touches them.
struct PageInfo {
  PageKey key;
  SeriesId first;
  SeriesId last;
  std::uint32_t rows;
  std::uint32_t bytes;    ///< Of the page and its twin.
  std::int64_t earliest;  ///< Least bucket start or point's time, ms.
  std::int64_t latest;
};
[[nodiscard]] std::string encode_info(const PageInfo& info);
[[nodiscard]] std::optional<PageInfo> decode_info(std::string_view key, std::string_view value);

/// An hour of 1 m rows of a group that changed after its 1 h rows were last made.
struct HourKey {
  std::int32_t hour;  ///< Hours since 1970.
  MetricId metric;
  PartitionId partition;
  std::uint32_t shard;

  friend auto operator<=>(const HourKey&, const HourKey&) = default;
};
[[nodiscard]] std::string encode_hour(std::int32_t hour);
[[nodiscard]] std::string encode(const HourKey& key);
[[nodiscard]] std::optional<HourKey> decode_hour_key(std::string_view bytes);
[[nodiscard]] std::int32_t hour_of(Millis at);

}  // namespace millrace

template <>
struct std::hash<millrace::SpanKey> {
  std::size_t operator()(const millrace::SpanKey& key) const noexcept {
    const auto low = (static_cast<std::uint64_t>(static_cast<std::uint32_t>(key.span)) << 32) | key.metric.value;
    return static_cast<std::size_t>((low + static_cast<std::uint64_t>(key.level)) * 0x9E3779B97F4A7C15ULL);
  }
};
