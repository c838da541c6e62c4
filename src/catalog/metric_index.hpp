#pragma once

#include "base/types.hpp"
#include "catalog/catalog.hpp"
#include "catalog/postings.hpp"
#include "catalog/strings.hpp"

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace millrace {

/// The series of one metric and which of them have which source and tags. The caller holds the lock.
///
/// Postings hold ordinals (position in ids()), so that a selection is a few bit maps as long as the metric.
class MetricIndex {
 public:
  /// Appends a series; ids come in ascending order.
  void append(const SeriesDefinition& definition, Strings& strings);
  [[nodiscard]] const std::vector<SeriesId>& ids() const { return ids_; }

  [[nodiscard]] std::vector<SeriesId> select(const Selector& selector, const Strings& strings) const;

  /// Values of a tag key (or the sources, where it is empty) that begin with the prefix, in no order.
  [[nodiscard]] std::vector<std::string_view> values(std::string_view key, std::string_view prefix,
                                                     const Strings& strings) const;
  [[nodiscard]] std::vector<std::string_view> tag_keys(const Strings& strings) const;

 private:
  class Selection;
  [[nodiscard]] const ValueIndex* values_of(std::string_view key, const Strings& strings) const;
  static void narrow(Selection& selection, const Matcher& matcher, const ValueIndex* values, const Strings& strings);

  std::vector<SeriesId> ids_;
  ValueIndex sources_;
  std::unordered_map<std::uint32_t, ValueIndex> tags_;  ///< By the key's string number.
};

}  // namespace millrace
