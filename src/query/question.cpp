#include "query/question.hpp"

#include "model/rfc3339.hpp"
#include "query/time_bounds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace millrace {
namespace {

constexpr std::size_t most_bins = 200;
constexpr std::size_t most_quantiles = 32;

std::unexpected<Error> wrong(std::string message) { return fail(ErrorCode::invalid_argument, std::move(message)); }

/// `p95`, `p99.9`: nullopt for anything else.
std::optional<double> parse_percentile(std::string_view text) {
  if (text.size() < 2 || text[0] != 'p') return std::nullopt;
  double percent = 0;
  const auto [end, error] =
      std::from_chars(text.data() + 1, text.data() + text.size(), percent, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size() || !(percent >= 0 && percent <= 100))
    return std::nullopt;
  return percent / 100;
}

Result<Rank> parse_rank(std::string_view text) {
  if (const auto quantile = parse_percentile(text)) return Rank{*quantile};
  const auto field = parse_field(text);
  if (!field || *field == Field::histogram) {
    return wrong("'by' is not valid: write value, count, sum, min, max, first, last, rate, or a quantile such as p95");
  }
  return Rank{*field};
}

bool needs_digest(Field field) {
  return field == Field::p50 || field == Field::p95 || field == Field::p99 || field == Field::histogram;
}

}  // namespace

Result<Question> understand(const Query& query) {
  Question question;
  if (query.selector.metric.empty()) return wrong("the metric's name is empty");
  if (query.from > query.to) {
    return wrong(fmt::format("'from' ({}) is after 'to' ({}): exchange them", format_rfc3339(query.from),
                             format_rfc3339(query.to)));
  }
  question.from = std::clamp(query.from, earliest_time, latest_time);
  question.to = std::clamp(query.to, earliest_time, latest_time);
  if (query.max_points == 0) return wrong("'maxPoints' is 0: write 1 or more");
  if (query.top && *query.top == 0) return wrong("'top' is 0: write 1 or more");
  if (query.quantiles.size() > most_quantiles)
    return wrong(fmt::format("at most {} quantiles a query", most_quantiles));
  for (const double q : query.quantiles) {
    if (!(q >= 0 && q <= 1))
      return wrong(fmt::format("quantile {} is not in 0..1: for the 95th percentile write 0.95", q));
  }
  if (query.resolution.kind == Resolution::Kind::fixed &&
      (query.resolution.width.count() <= 0 || query.resolution.width.count() % 10'000 != 0)) {
    return wrong(
        "resolution is not a multiple of 10 s: write raw, 10s, 1m, 1h, auto, or a multiple such as 30s, 5m, 1d");
  }
  if (query.sliding_minute && query.resolution.kind != Resolution::Kind::automatic &&
      query.resolution != Resolution{Resolution::Kind::fixed, Duration{10'000}}) {
    return wrong("the sliding minute moves by 10 s: write resolution=10s with window=1m");
  }
  if (query.resolution.kind == Resolution::Kind::raw && (query.group_by || query.top)) {
    return wrong(
        "raw points are neither grouped nor ranked: leave groupBy and top out, or ask for resolution=10s or coarser");
  }
  if (query.group_by) {
    auto grouping = parse_grouping(*query.group_by);
    if (!grouping) return fail(grouping.error());
    question.grouping = *std::move(grouping);
  } else if (query.top) {
    question.grouping.kind = Grouping::Kind::series;
  }
  if (query.top) {
    auto rank = parse_rank(query.by);
    if (!rank) return fail(rank.error());
    question.by = *rank;
  }
  question.digests = query.fields.empty() || !query.quantiles.empty();
  for (const Field field : query.fields) {
    question.digests = question.digests || needs_digest(field);
    question.rate = question.rate || field == Field::rate;
    question.histogram = question.histogram || field == Field::histogram;
  }
  if (question.histogram && (query.bins == 0 || query.bins > most_bins)) {
    return wrong(fmt::format("'bins' is not in 1..{}", most_bins));
  }
  return question;
}

double figure(const Rollup& rollup, const Rank& rank) {
  if (const double* quantile = std::get_if<double>(&rank)) return rollup.digest.quantile(*quantile);
  switch (std::get<Field>(rank)) {
    case Field::sum: return rollup.total();
    case Field::min: return rollup.min;
    case Field::max: return rollup.max;
    case Field::first: return rollup.first;
    case Field::last: return rollup.last;
    case Field::count:
    case Field::rate: return static_cast<double>(rollup.count);
    default: return rollup.average();
  }
}

}  // namespace millrace
