#include "query/cells.hpp"
#include "query/counter_rates.hpp"
#include "query/freshness.hpp"
#include "query/histogram.hpp"
#include "query/last_known.hpp"
#include "query/plan.hpp"
#include "query/query.hpp"
#include "query/question.hpp"
#include "query/raw_reader.hpp"
#include "query/row_reader.hpp"
#include "query/selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace millrace {
namespace {

constexpr Duration ten_seconds{10'000};
constexpr std::size_t sliding_buckets = 6;
/// Series of which counter samples are kept at once.
constexpr std::size_t counter_chunk = 4'096;

/// What a fill accumulates into.
struct Sums {
  Cells cells;
  std::optional<CounterRates> counters;
  bool live_missing = false;
};

}  // namespace

struct QueryEngine::Impl {
  const Catalog& catalog;
  Store& store;
  Engine& engine;
  const Clock& clock;
  QueryLimits limits;
  Selections selections;
  RowReader reader;
  LastKnown last_known;

  Impl(const Catalog& the_catalog, Store& the_store, Engine& the_engine, const Clock& the_clock, QueryLimits the_limits)
      : catalog(the_catalog),
        store(the_store),
        engine(the_engine),
        clock(the_clock),
        limits(the_limits),
        selections(the_catalog),
        reader(the_store, the_engine) {}

  /// One question under way.
  struct Asked {
    const Query& query;
    Question question;
    Millis now;
    Duration until;  ///< Steady time by which it must be answered.
    bool counter = false;
    Freshness freshness;
  };

  Result<Answer> run(const Query& query);
  Result<Answer> run_raw(const Asked& asked, const Selection& selection);
  Result<std::shared_ptr<const Selection>> rank(const Asked& asked, const Selection& all, const Grid& grid);
  Result<Sums> fill(const Asked& asked, const Selection& selection, const Grid& grid, Level level, bool digests,
                    bool counters, std::size_t limit);
  [[nodiscard]] Grid choose_grid(const Asked& asked, std::size_t groups) const;
  void points_of(const Asked& asked, const Grid& grid, std::uint32_t group, Sums& sums,
                 std::vector<Point>& points) const;
  void slide(const Asked& asked, std::vector<Point>& points, const Grid& grid, const CounterRates* counters,
             std::uint32_t group) const;
  void finish(const Asked& asked, Point& point, Duration width, std::optional<CounterRates::Growth> growth) const;
  [[nodiscard]] std::unexpected<Error> too_many(const Asked& asked, Duration width, std::size_t groups) const;

  Result<std::optional<Point>> latest(const std::string& metric, const std::optional<std::string>& source);
};

Grid QueryEngine::Impl::choose_grid(const Asked& asked, std::size_t groups) const {
  const auto& [from, to] = std::tie(asked.question.from, asked.question.to);
  if (asked.query.sliding_minute) {
    // Buckets of every window that ends in [from, to].
    Grid ends = make_grid(from, to, ten_seconds);
    if (ends.count == 0) return ends;
    return {ends.start - ten_seconds * static_cast<std::int64_t>(sliding_buckets), ten_seconds,
            ends.count + sliding_buckets - 1};
  }
  if (asked.query.resolution.kind == Resolution::Kind::fixed) return make_grid(from, to, asked.query.resolution.width);
  const std::size_t points = std::min(asked.query.max_points, limits.points / std::max<std::size_t>(1, groups));
  return make_grid(from, to, finest_width(from, to, points, finest_kept(from, asked.now, limits.retention)));
}

std::unexpected<Error> QueryEngine::Impl::too_many(const Asked& asked, Duration width, std::size_t groups) const {
  const std::size_t each = limits.points / std::max<std::size_t>(1, groups);
  std::string advice = "keep fewer groups with top=N or filters";
  if (each > 0 && !asked.query.sliding_minute) {
    const Duration fits = finest_width(asked.question.from, asked.question.to, each, width + ten_seconds);
    advice = fmt::format("ask for resolution={} or auto, or a shorter range",
                         to_string(Resolution{Resolution::Kind::fixed, fits}));
  } else if (each > 0) {
    advice = "ask for a shorter range";
  }
  return fail(ErrorCode::too_large, fmt::format("the answer has more than {} points: {}", limits.points, advice));
}

Result<Sums> QueryEngine::Impl::fill(const Asked& asked, const Selection& selection, const Grid& grid, Level level,
                                     bool digests, bool counters, std::size_t limit) {
  const auto expired = [&] { return clock.steady() > asked.until; };
  for (int attempt = 0;; ++attempt) {
    Sums sums{Cells(selection.groups.size(), grid, digests, limit), std::nullopt, false};
    if (counters) sums.counters.emplace(grid, asked.now);
    const Millis from = counters ? grid.start - CounterRates::look_back(grid.width) : grid.start;
    const std::size_t chunk = counters ? counter_chunk : selection.series.size();
    // 1 h rows may vanish under a late commit; 1 m rows never do.
    const Level coarsest = attempt < 3 ? level : std::min(level, Level::minute);
    bool again = false;
    for (std::size_t at = 0; at < selection.series.size() && !again; at += chunk) {
      const std::span<const SeriesId> series =
          std::span(selection.series).subspan(at, std::min(chunk, selection.series.size() - at));
      const RowReader::Request request{selection.metric,   series, from, grid.end(), coarsest, digests,
                                       limits.live_timeout};
      GroupFinder group(selection);
      const auto outcome = reader.read(request, expired, [&](const RowView& row, const Digest* digest) {
        const std::uint32_t in = group(row.series);
        if (sums.counters) sums.counters->add(in, row);
        if (row.bucket >= grid.start) sums.cells.add(in, row, digest);
      });
      if (!outcome) return fail(outcome.error());
      if (outcome->expired) {
        return fail(ErrorCode::deadline, fmt::format("the query took longer than {} s: ask for a shorter range, fewer "
                                                     "series or a coarser resolution",
                                                     limits.deadline.count() / 1000));
      }
      sums.live_missing = sums.live_missing || outcome->live_missing;
      again = outcome->again;
      if (sums.counters && !again) sums.counters->finish();
    }
    if (again) continue;
    if (sums.cells.error()) return fail(*sums.cells.error());
    return sums;
  }
}

Result<std::shared_ptr<const Selection>> QueryEngine::Impl::rank(const Asked& asked, const Selection& all,
                                                                 const Grid& grid) {
  const Rank& by = asked.question.by;
  const bool by_growth = asked.counter && by == Rank{Field::rate};
  const bool digests =
      std::holds_alternative<double>(by) || by == Rank{Field::p50} || by == Rank{Field::p95} || by == Rank{Field::p99};
  // Growth is told bucket by bucket; every other figure is that of the whole range.
  const Grid whole = by_growth ? grid : Grid{grid.start, grid.end() - grid.start, 1};
  auto sums = fill(asked, all, whole, by_growth ? coarsest_level(grid.width) : Level::hour, digests, by_growth,
                   by_growth ? SIZE_MAX : all.groups.size());
  if (!sums) return fail(sums.error());
  std::vector<std::pair<double, std::uint32_t>> ranked;
  for (std::uint32_t group = 0; group < all.groups.size(); ++group) {
    std::optional<double> score;
    sums->cells.take(group, [&](std::size_t, Rollup&& rollup) {
      score = by_growth ? sums->counters->total(group) : figure(rollup, by);
    });
    if (score) ranked.emplace_back(*score, group);
  }
  const std::size_t keep = std::min(*asked.query.top, ranked.size());
  std::partial_sort(
      ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(keep), ranked.end(),
      [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  auto kept = std::make_shared<Selection>();
  kept->metric = all.metric;
  std::vector<std::uint32_t> place(all.groups.size(), UINT32_MAX);
  for (std::uint32_t i = 0; i < keep; ++i) {
    place[ranked[i].second] = i;
    kept->groups.push_back(all.groups[ranked[i].second]);
  }
  for (std::size_t i = 0; i < all.series.size(); ++i) {
    const std::uint32_t to = place[all.group(i)];
    if (to == UINT32_MAX) continue;
    kept->series.push_back(all.series[i]);
    kept->group_of.push_back(to);
  }
  return kept;
}

void QueryEngine::Impl::finish(const Asked& asked, Point& point, Duration width,
                               std::optional<CounterRates::Growth> growth) const {
  const Millis start = asked.query.sliding_minute ? point.timestamp - width : point.timestamp;
  point.final = asked.freshness.final_until >= start + width;
  point.revision = 2 * point.rollup.count + (point.final ? 1 : 0);
  point.rollup.digest.compress();
  if (asked.question.rate) {
    const double passed = passed_seconds(start, width, asked.now);
    if (!growth) {
      point.rate = static_cast<double>(point.rollup.count) / passed;
    } else {
      point.rate = asked.query.sliding_minute ? growth->growth / passed : growth->rate;
    }
  }
  if (asked.question.histogram) point.histogram = histogram(point.rollup.digest, asked.query.bins);
}

void QueryEngine::Impl::points_of(const Asked& asked, const Grid& grid, std::uint32_t group, Sums& sums,
                                  std::vector<Point>& points) const {
  const CounterRates* counters = sums.counters ? &*sums.counters : nullptr;
  sums.cells.take(group, [&](std::size_t bucket, Rollup&& rollup) {
    Point& point = points.emplace_back();
    point.timestamp = grid.bucket(bucket);
    point.rollup = std::move(rollup);
    if (asked.query.sliding_minute) return;
    finish(asked, point, grid.width, counters != nullptr ? std::optional(counters->at(group, bucket)) : std::nullopt);
  });
  if (asked.query.sliding_minute) slide(asked, points, grid, counters, group);
}

/// Turns 10 s points into minutes named by their end.
void QueryEngine::Impl::slide(const Asked& asked, std::vector<Point>& points, const Grid& grid,
                              const CounterRates* counters, std::uint32_t group) const {
  const Duration window_width = ten_seconds * static_cast<std::int64_t>(sliding_buckets);
  std::vector<Point> windows;
  if (points.empty()) return;
  // No window is told of that ends after both the newest bucket and the open one.
  const Millis newest = std::max(points.back().timestamp, align_down(asked.now, ten_seconds)) + ten_seconds;
  const Millis last = std::min(grid.end(), newest);
  std::size_t low = 0;
  for (Millis end = grid.start + window_width; end <= last; end = end + ten_seconds) {
    while (low < points.size() && points[low].timestamp < end - window_width) ++low;
    if (low == points.size()) break;
    if (points[low].timestamp >= end) continue;
    Point& window = windows.emplace_back();
    window.timestamp = end;
    CounterRates::Growth growth;
    for (std::size_t i = low; i < points.size() && points[i].timestamp < end; ++i) {
      window.rollup.merge(points[i].rollup);
      if (counters == nullptr) continue;
      growth.growth +=
          counters->at(group, static_cast<std::size_t>((points[i].timestamp - grid.start) / ten_seconds)).growth;
    }
    finish(asked, window, window_width, counters != nullptr ? std::optional(growth) : std::nullopt);
  }
  points = std::move(windows);
}

Result<Answer> QueryEngine::Impl::run_raw(const Asked& asked, const Selection& selection) {
  Answer answer;
  answer.resolution = asked.query.resolution;
  answer.freshness = asked.freshness;
  auto read =
      read_raw(store, engine, selection, asked.question.from, asked.question.to, limits.points, limits.live_timeout);
  if (!read) return fail(read.error());
  if (read->too_many) return too_many(asked, Duration{0}, 1);
  answer.raw = std::move(read->points);
  answer.live_missing = read->live_missing;
  if (!answer.raw.empty() && asked.question.to >= asked.now)
    answer.freshness.newest_event = answer.raw.back().timestamp;
  return answer;
}

Result<Answer> QueryEngine::Impl::run(const Query& query) {
  auto question = understand(query);
  if (!question) return fail(question.error());
  Asked asked{query, *std::move(question), clock.now(), clock.steady() + limits.deadline, false, {}};
  // Before any row: a bucket may be called final only if everything folded by then is read after.
  asked.freshness = assess(engine.status(), asked.now);
  const bool raw = query.resolution.kind == Resolution::Kind::raw;
  asked.counter = asked.question.rate || asked.question.by == Rank{Field::rate};
  if (asked.counter) asked.counter = catalog.info(query.selector.metric).kind == "counter";
  const bool counters = asked.counter && asked.question.rate;

  auto selection = selections.get(query.selector, asked.question.grouping, !raw && !counters);
  if (raw) {
    if (selection != nullptr) return run_raw(asked, *selection);
    Answer none;
    none.resolution = query.resolution;
    none.freshness = asked.freshness;
    return none;
  }
  std::size_t groups = selection == nullptr ? 1 : selection->groups.size();
  if (query.top) groups = std::min(groups, *query.top);
  const Grid grid = choose_grid(asked, groups);
  Answer answer;
  answer.resolution = {Resolution::Kind::fixed, grid.width};
  answer.grouped = asked.question.grouping.kind != Grouping::Kind::none;
  answer.freshness = asked.freshness;
  if (!answer.grouped) answer.series.emplace_back().source = query.selector.source.value_or("");
  if (selection == nullptr || selection->series.empty() || grid.count == 0) return answer;

  if (query.top) {
    auto kept = rank(asked, *selection, grid);
    if (!kept) return fail(kept.error());
    selection = *std::move(kept);
    if (selection->series.empty()) return answer;
  }
  groups = selection->groups.size();
  // A window more may be asked for than there are buckets in it.
  const std::size_t spare = query.sliding_minute ? groups * sliding_buckets : 0;
  auto sums = fill(asked, *selection, grid, coarsest_level(grid.width), asked.question.digests, counters,
                   limits.points + spare);
  if (!sums) return fail(sums.error());
  if (sums->cells.overflowed()) return too_many(asked, grid.width, groups);
  answer.live_missing = sums->live_missing;
  std::size_t points = 0;
  for (std::uint32_t group = 0; group < groups; ++group) {
    std::vector<Point> made;
    made.reserve(std::min(grid.count, sums->cells.size()));
    points_of(asked, grid, group, *sums, made);
    points += made.size();
    if (!answer.grouped) {
      answer.series.front().points = std::move(made);
    } else if (!made.empty()) {
      answer.series.push_back({selection->groups[group].source, selection->groups[group].tags, std::move(made)});
    }
  }
  if (points > limits.points) return too_many(asked, grid.width, groups);
  if (asked.question.to >= asked.now) {
    Millis newest = Millis::never();
    for (const Series& series : answer.series) {
      if (!series.points.empty()) newest = std::max(newest, series.points.back().rollup.last_time);
    }
    if (newest > Millis::never()) answer.freshness.newest_event = newest;
  }
  return answer;
}

Result<std::optional<Point>> QueryEngine::Impl::latest(const std::string& metric,
                                                       const std::optional<std::string>& source) {
  Query query;
  query.selector = {metric, source, {}};
  query.resolution = {Resolution::Kind::fixed, ten_seconds};
  const Millis now = clock.now();
  query.to = now + Duration{3'600'000};
  // The usual metric has a point in the last minutes; only a quiet one costs a look at the hour.
  for (const Duration back : {Duration{120'000}, Duration{3'600'000}}) {
    query.from = align_down(now - back, ten_seconds);
    auto answer = run(query);
    if (!answer && answer.error().code == ErrorCode::invalid_argument) return fail(answer.error());
    if (!answer) break;
    if (answer->series.empty() || answer->series.front().points.empty()) {
      if (answer->live_missing) break;
      continue;
    }
    return std::optional(last_known.offer(metric, source, std::move(answer->series.front().points.back())));
  }
  return last_known.find(metric, source);
}

QueryEngine::QueryEngine(const Catalog& catalog, Store& store, Engine& engine, const Clock& clock, QueryLimits limits)
    : impl_(std::make_unique<Impl>(catalog, store, engine, clock, limits)) {}
QueryEngine::~QueryEngine() = default;

Result<Answer> QueryEngine::run(const Query& query) { return impl_->run(query); }

Result<std::optional<Point>> QueryEngine::latest(const std::string& metric, const std::optional<std::string>& source) {
  return impl_->latest(metric, source);
}

Freshness QueryEngine::freshness() const { return assess(impl_->engine.status(), impl_->clock.now()); }

Result<std::vector<PartitionRow>> QueryEngine::partition_rows(const std::string& metric,
                                                              const std::optional<std::string>& source, Millis from,
                                                              Millis to) {
  std::vector<PartitionRow> rows;
  const auto selection = impl_->selections.get({metric, source, {}}, {}, true);
  const Grid grid = make_grid(from, to, ten_seconds);
  if (selection == nullptr || selection->series.empty() || grid.count == 0) return rows;
  std::map<PartitionId, Cells> cells;
  const RowReader::Request request{
      selection->metric,         selection->series, grid.start, grid.end(), Level::ten_seconds, true,
      impl_->limits.live_timeout};
  const Duration until = impl_->clock.steady() + impl_->limits.deadline;
  const auto outcome = impl_->reader.read(
      request, [&] { return impl_->clock.steady() > until; },
      [&](const RowView& row, const Digest* digest) {
        cells.try_emplace(row.partition, 1, grid, true, SIZE_MAX).first->second.add(0, row, digest);
      });
  if (!outcome) return fail(outcome.error());
  if (outcome->expired || outcome->live_missing) {
    return fail(ErrorCode::deadline, "the stream engine did not answer in time: try again");
  }
  for (auto& [partition, of_partition] : cells) {
    of_partition.take(0, [&, id = partition](std::size_t bucket, Rollup&& rollup) {
      rows.push_back({id, grid.bucket(bucket), std::move(rollup)});
    });
  }
  std::sort(rows.begin(), rows.end(), [](const PartitionRow& a, const PartitionRow& b) {
    return std::tie(a.bucket, a.partition) < std::tie(b.bucket, b.partition);
  });
  return rows;
}

}  // namespace millrace
