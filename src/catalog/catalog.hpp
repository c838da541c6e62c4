#pragma once

#include "base/result.hpp"
#include "base/types.hpp"
#include "model/series.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// What a metric is, for people: from PUT /api/v1/metrics/NAME or guessed from the name's suffix.
struct MetricInfo {
  std::string unit;            ///< "bytes", "seconds", "ratio", "percent", "" = plain.
  std::string kind = "gauge";  ///< "gauge" or "counter".
  std::string help;

  friend bool operator==(const MetricInfo&, const MetricInfo&) = default;
};

/// Defaults from the suffixes _bytes, _seconds, _ratio, _percent, _total.
[[nodiscard]] MetricInfo guess_metric_info(std::string_view name);

/// How many series may be active (seen within 24 h).
struct SeriesLimits {
  std::uint32_t per_metric = 100'000;
  std::uint32_t all = 2'000'000;
};

/// Why a new series was refused; an old one never is.
enum class SeriesRefusal { none, metric_limit, total_limit };

/// One condition on a tag (or on the source, where key is empty).
struct Matcher {
  enum class Op { equals, not_equals, in, prefix };
  std::string key;
  Op op = Op::equals;
  std::vector<std::string> values;  ///< One for equals, not_equals and prefix.

  [[nodiscard]] bool matches(std::string_view value) const;
  friend bool operator==(const Matcher&, const Matcher&) = default;
};

/// Which series of a metric are meant. An absent tag has the empty value.
struct Selector {
  std::string metric;
  std::optional<std::string> source;
  std::vector<Matcher> matchers;

  friend bool operator==(const Selector&, const Selector&) = default;
};

/// (metric, source, tags) <-> dense ids, and what is known of each. Safe from any thread: looking up takes a
/// shared lock, definitions never move or change once given.
class Catalog {
 public:
  explicit Catalog(SeriesLimits limits = {});
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  struct Interned {
    SeriesId id;
    SeriesRefusal refusal = SeriesRefusal::none;  ///< id is meaningless unless none.
  };
  /// The id of a series, given now if it is new and the limits allow. `seen` marks it active.
  /// A new series' metric gets its total series (see SeriesKey) first.
  Interned intern(const SeriesKey& key, Millis seen);
  /// The same without limits: for replay, where everything has been decided.
  SeriesId adopt(const SeriesKey& key, Millis seen);
  /// Restores definitions from the store, in ascending id order, before anything else is called.
  Result<void> restore(const SeriesDefinition& definition);

  /// Marks a series active at `seen`. Cheap: one relaxed store.
  void touch(SeriesId id, Millis seen);
  [[nodiscard]] Millis last_seen(SeriesId id) const;

  /// Number of ids given; all ids below it are valid.
  [[nodiscard]] std::uint32_t size() const;
  /// The reference stays valid as long as the catalog.
  [[nodiscard]] const SeriesDefinition& at(SeriesId id) const;
  [[nodiscard]] std::optional<SeriesId> find(const SeriesKey& key) const;
  [[nodiscard]] std::optional<MetricId> find_metric(std::string_view name) const;
  /// The series that holds the metric's total over all series.
  [[nodiscard]] SeriesId total(MetricId metric) const;
  /// Rises whenever a series is added: a cheap test whether a selection is stale.
  [[nodiscard]] std::uint64_t version() const { return size(); }

  /// Series that match, ascending by id, totals never included. Empty for an unknown metric.
  [[nodiscard]] std::vector<SeriesId> select(const Selector& selector) const;
  /// Names, sorted; `prefix` filters.
  [[nodiscard]] std::vector<std::string> metric_names(std::string_view prefix = {}) const;
  [[nodiscard]] std::vector<std::string> sources(std::string_view metric, std::string_view prefix = {}) const;
  [[nodiscard]] std::vector<std::string> tag_keys(std::string_view metric) const;
  [[nodiscard]] std::vector<std::string> tag_values(std::string_view metric, std::string_view key) const;

  [[nodiscard]] MetricInfo info(std::string_view metric) const;
  void set_info(std::string_view metric, MetricInfo info);

  /// Recounts which series are active within 24 h before `now`; call about once a minute.
  void recount(Millis now);
  /// Active series, in all.
  [[nodiscard]] std::uint32_t active() const;
  [[nodiscard]] const SeriesLimits& limits() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
