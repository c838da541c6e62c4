#pragma once

#include "catalog/catalog.hpp"

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// How the series of an answer are put together.
struct Grouping {
  enum class Kind { none, series, source, tag };
  Kind kind = Kind::none;
  std::string key;  ///< Of a tag.

  friend bool operator==(const Grouping&, const Grouping&) = default;
};
/// "source" or "tag.KEY"; anything else: an error that lists these.
[[nodiscard]] Result<Grouping> parse_grouping(std::string_view text);

/// The series that a question means, and the group of each.
struct Selection {
  struct Group {
    std::string source;
    Tags tags;
  };
  MetricId metric;
  std::vector<SeriesId> series;         ///< Ascending.
  std::vector<std::uint32_t> group_of;  ///< Beside `series`; empty: all in group 0.
  std::vector<Group> groups;            ///< Ascending by source, then tags.

  [[nodiscard]] std::uint32_t group(std::size_t index) const { return group_of.empty() ? 0 : group_of[index]; }
};

/// Finds a series' group; quick when asked in ascending order.
class GroupFinder {
 public:
  explicit GroupFinder(const Selection& selection) : selection_(selection) {}
  [[nodiscard]] std::uint32_t operator()(SeriesId series);

 private:
  const Selection& selection_;
  std::size_t at_ = 0;
};

/// Selections by question, kept until the catalog grows. Thread-safe.
class Selections {
 public:
  explicit Selections(const Catalog& catalog) : catalog_(catalog) {}

  /// With `total`: the series that holds the metric's total, when nothing narrows or groups. nullptr: unknown metric.
  [[nodiscard]] std::shared_ptr<const Selection> get(const Selector& selector, const Grouping& grouping, bool total);

 private:
  struct Kept {
    Selector selector;
    Grouping grouping;
    std::uint64_t version;
    std::shared_ptr<const Selection> selection;
  };
  [[nodiscard]] std::shared_ptr<const Selection> make(MetricId metric, const Selector& selector,
                                                      const Grouping& grouping) const;

  const Catalog& catalog_;
  std::mutex mutex_;
  std::list<Kept> kept_;  ///< Most recently used first, at most 64.
};

}  // namespace millrace
