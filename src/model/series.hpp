#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

/// Tags of a series: sorted by key bytes, keys unique, no empty value (semantics: an empty value equals an absent tag).
using Tags = std::vector<std::pair<std::string, std::string>>;

/// What makes a series: (metric, source, tags). The total of a metric over all its series is a series of its own:
/// its source is empty, which no event can have.
struct SeriesKey {
  std::string metric;
  std::string source;
  Tags tags;

  [[nodiscard]] bool is_total() const { return source.empty(); }
  friend auto operator<=>(const SeriesKey&, const SeriesKey&) = default;
};

/// Canonical bytes of a key: equal keys have equal bytes. metric, source, n, n x (key, value), each a string
/// with a varint length. Used in the journal and the catalog's rows.
[[nodiscard]] std::string encode(const SeriesKey& key);

/// Reads what encode wrote; `corrupt` for anything else.
[[nodiscard]] Result<SeriesKey> decode_series_key(std::string_view bytes);

/// A series as the catalog knows it.
struct SeriesDefinition {
  SeriesId id;
  MetricId metric;
  SeriesKey key;

  friend bool operator==(const SeriesDefinition&, const SeriesDefinition&) = default;
};

}  // namespace millrace
