#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/types.hpp"
#include "catalog/catalog.hpp"
#include "model/rollup.hpp"
#include "store/store.hpp"
#include "stream/engine.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

/// Whether an answer is of now. lag = now - arrival of the oldest acknowledged batch not folded yet, 0 if none;
/// delayed: lag over 5 s; stalled: lag over 60 s or a partition's heartbeat older than 15 s.
struct Freshness {
  enum class State { current, delayed, stalled };
  State state = State::current;
  Millis final_until = Millis::never();   ///< Event time before which nothing more is expected.
  Millis newest_event = Millis::never();  ///< Of the series asked for where known, else of all.
  Millis as_of;                           ///< When this was read.
  Duration lag{0};
};
[[nodiscard]] std::string_view name(Freshness::State state);

/// Which figures an answer must hold; digests are read only for those that need them.
enum class Field : std::uint8_t { value, count, sum, min, max, first, last, p50, p95, p99, rate, histogram };
[[nodiscard]] Result<Field> parse_field(std::string_view name);
[[nodiscard]] std::string_view name(Field field);

/// How long a point's window is, or how to choose it.
struct Resolution {
  enum class Kind { raw, fixed, automatic };
  Kind kind = Kind::automatic;
  Duration width{0};  ///< fixed: a multiple of 10 s.

  friend bool operator==(const Resolution&, const Resolution&) = default;
};
/// `raw`, `10s`, `1m`, `1h`, `auto`, or any multiple of 10 s (`30s`, `5m`, `1d`); anything else: an error that lists
/// these.
[[nodiscard]] Result<Resolution> parse_resolution(std::string_view text);
[[nodiscard]] std::string to_string(const Resolution& resolution);

/// RFC 3339, epoch ms, `now`, `now-15m`; anything else: an error that names these.
[[nodiscard]] Result<Millis> parse_time(std::string_view text, Millis now);

/// A question, validated by run(). Points have their bucket's start in [from, to], both inclusive.
struct Query {
  Selector selector;
  Millis from;
  Millis to;
  Resolution resolution;
  std::vector<Field> fields;            ///< Empty: all but rate and histogram.
  std::optional<std::string> group_by;  ///< "source" or "tag.KEY".
  std::optional<std::size_t> top;       ///< Keep the N groups (or series) highest by `by`.
  std::string by = "value";             ///< A Field's name, or a quantile "p95".
  std::vector<double> quantiles;        ///< Further quantiles.
  std::size_t max_points = 500;         ///< For auto.
  std::size_t bins = 24;                ///< Of a histogram.
  bool sliding_minute = false;          ///< window=1m: with resolution 10 s; timestamp = the window's end.
};

/// One bucket of an answer: partitions and series merged, digest whole.
struct Point {
  Millis timestamp;  ///< Start of the bucket (sliding minute: its end).
  Rollup rollup;
  bool final = false;
  std::uint64_t revision = 0;  ///< 2 x count + final.
  std::optional<double> rate;  ///< A second; only where asked for.
  struct Bin {
    double low;
    double high;
    double count;
  };
  std::vector<Bin> histogram;  ///< Only where asked for.
};

/// Points of one group.
struct Series {
  std::string source;         ///< The group's source, empty when grouped by something else.
  Tags tags;                  ///< The group's tag values.
  std::vector<Point> points;  ///< Ascending.
};

/// A raw point in an answer.
struct RawAnswerPoint {
  Millis timestamp;
  double value;
  SeriesId series;  ///< Resolves source and tags through the catalog.
};

/// What run() found.
struct Answer {
  Resolution resolution;  ///< The one used; fixed or raw.
  bool grouped = false;   ///< `series` has one entry for each group, else exactly one in all.
  std::vector<Series> series;
  std::vector<RawAnswerPoint> raw;
  Freshness freshness;
  bool live_missing = false;  ///< A partition did not answer in time: points are those of the store.
};

/// Limits of a query: named in promises.md.
struct QueryLimits {
  std::size_t points = 11'000;
  Duration deadline{10'000};
  Duration live_timeout{2'000};
  Retention retention{};  ///< What the store keeps: `auto` never picks a resolution whose rows are gone.
};

/// A row of one partition, merged over the series asked for. Digest whole.
struct PartitionRow {
  PartitionId partition;
  Millis bucket;
  Rollup rollup;
};

/// Answers questions: plans the coarsest level, reads stored rows, lays live ones over them, merges partitions,
/// series and windows. Thread-safe; called from query pool threads (it may block).
class QueryEngine {
 public:
  QueryEngine(const Catalog& catalog, Store& store, Engine& engine, const Clock& clock, QueryLimits limits = {});
  ~QueryEngine();

  /// Errors: `invalid_argument` (with what is valid), `too_large` (over the point limit: names the resolution that
  /// fits), `deadline`.
  [[nodiscard]] Result<Answer> run(const Query& query);
  /// The newest point of a metric or source within the last hour, or the last one kept in memory.
  [[nodiscard]] Result<std::optional<Point>> latest(const std::string& metric,
                                                    const std::optional<std::string>& source);
  /// From memory alone: answers at once, whatever fails.
  [[nodiscard]] Freshness freshness() const;
  /// 10 s rows with bucket in [from, to] before partitions are merged, ascending by (bucket, partition): what updates
  /// of the bus are laid over. An unknown metric has none.
  [[nodiscard]] Result<std::vector<PartitionRow>> partition_rows(const std::string& metric,
                                                                 const std::optional<std::string>& source, Millis from,
                                                                 Millis to);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
