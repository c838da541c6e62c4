#include "query/point_json.hpp"

#include "base/json_text.hpp"
#include "model/rfc3339.hpp"

namespace millrace {
namespace {

constexpr std::uint32_t bit(Field field) { return 1U << static_cast<unsigned>(field); }
constexpr std::uint32_t usual = bit(Field::value) | bit(Field::count) | bit(Field::sum) | bit(Field::min) |
                                bit(Field::max) | bit(Field::first) | bit(Field::last) | bit(Field::p50) |
                                bit(Field::p95) | bit(Field::p99);
constexpr std::uint32_t from_digest = bit(Field::p50) | bit(Field::p95) | bit(Field::p99) | bit(Field::histogram);

void append_quantile(std::string& out, const Rollup& rollup, double q) {
  if (rollup.digest.count() == 0) {
    out += "null";
  } else {
    append_json_number(out, rollup.digest.quantile(q));
  }
}

void append_histogram(std::string& out, const std::vector<Point::Bin>& bins) {
  out += '[';
  for (std::size_t i = 0; i < bins.size(); ++i) {
    out += i == 0 ? "[" : ",[";
    append_json_number(out, bins[i].low);
    out += ',';
    append_json_number(out, bins[i].high);
    out += ',';
    append_json_number(out, bins[i].count);
    out += ']';
  }
  out += ']';
}

void append_points(std::string& out, const std::vector<Point>& points, const PointShape& shape) {
  out += '[';
  bool first = true;
  for (const Point& point : points) {
    if (!first) out += ',';
    first = false;
    append_point_json(out, point, shape);
  }
  out += ']';
}

void append_raw(std::string& out, const std::vector<RawAnswerPoint>& points, const Catalog& catalog) {
  out += '[';
  bool first = true;
  for (const RawAnswerPoint& point : points) {
    if (!first) out += ',';
    first = false;
    const SeriesKey& key = catalog.at(point.series).key;
    out += "{\"timestamp\":";
    append_time_json(out, point.timestamp);
    out += ",\"value\":";
    append_json_number(out, point.value);
    out += ",\"source\":";
    append_json_string(out, key.source);
    out += ",\"tags\":";
    append_tags_json(out, key.tags);
    out += '}';
  }
  out += ']';
}

}  // namespace

PointShape::PointShape(std::span<const Field> fields, std::span<const double> quantiles)
    : quantiles_(quantiles.begin(), quantiles.end()) {
  for (const Field field : fields) mask_ |= bit(field);
  if (fields.empty()) mask_ = usual;
}

bool PointShape::needs_digest() const { return (mask_ & from_digest) != 0 || !quantiles_.empty(); }

void append_time_json(std::string& out, Millis at) {
  if (at <= Millis::never()) {
    out += "null";
    return;
  }
  // Points come by the hundred and seldom change their day: only the time of day is written anew.
  thread_local Millis known_day{1};  // no day starts there
  thread_local std::string text;
  const Millis midnight = align_down(at, Duration{86'400'000});
  if (midnight != known_day) {
    known_day = midnight;
    text = '"' + format_rfc3339(midnight) + '"';
  }
  char* const clock = text.data() + text.size() - 14;  // HH:MM:SS.mmmZ"
  const auto put = [clock](std::size_t place, unsigned value, std::size_t digits) {
    for (std::size_t i = digits; i-- > 0; value /= 10) clock[place + i] = static_cast<char>('0' + value % 10);
  };
  const auto in_day = static_cast<unsigned>((at - midnight).count());
  put(0, in_day / 3'600'000, 2);
  put(3, in_day / 60'000 % 60, 2);
  put(6, in_day / 1'000 % 60, 2);
  put(9, in_day % 1'000, 3);
  out += text;
}

void append_tags_json(std::string& out, const Tags& tags) {
  out += '{';
  bool first = true;
  for (const auto& [key, value] : tags) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, key);
    out += ':';
    append_json_string(out, value);
  }
  out += '}';
}

void append_point_json(std::string& out, const Point& point, const PointShape& shape) {
  const Rollup& rollup = point.rollup;
  const auto number = [&](Field field, std::string_view member, double value) {
    if (!shape.has(field)) return;
    out += member;
    append_json_number(out, value);
  };
  const auto quantile = [&](Field field, std::string_view member, double q) {
    if (!shape.has(field)) return;
    out += member;
    append_quantile(out, rollup, q);
  };
  out += "{\"timestamp\":";
  append_time_json(out, point.timestamp);
  number(Field::value, ",\"value\":", rollup.average());
  if (shape.has(Field::count)) {
    out += ",\"count\":";
    append_json_integer(out, rollup.count);
  }
  number(Field::sum, ",\"sum\":", rollup.total());
  number(Field::min, ",\"min\":", rollup.min);
  number(Field::max, ",\"max\":", rollup.max);
  number(Field::first, ",\"first\":", rollup.first);
  number(Field::last, ",\"last\":", rollup.last);
  quantile(Field::p50, ",\"p50\":", 0.50);
  quantile(Field::p95, ",\"p95\":", 0.95);
  quantile(Field::p99, ",\"p99\":", 0.99);
  if (shape.has(Field::rate)) {
    out += ",\"rate\":";
    if (point.rate) {
      append_json_number(out, *point.rate);
    } else {
      out += "null";
    }
  }
  if (!shape.quantiles().empty()) {
    out += ",\"quantiles\":";
    char next = '{';
    for (const double q : shape.quantiles()) {
      out += next;
      out += '"';
      append_json_number(out, q);
      out += "\":";
      append_quantile(out, rollup, q);
      next = ',';
    }
    out += '}';
  }
  if (shape.has(Field::histogram)) {
    out += ",\"histogram\":";
    append_histogram(out, point.histogram);
  }
  out += point.final ? ",\"final\":true,\"revision\":" : ",\"final\":false,\"revision\":";
  append_json_integer(out, point.revision);
  out += '}';
}

void append_freshness_json(std::string& out, const Freshness& freshness) {
  out += "{\"state\":\"";
  out += name(freshness.state);
  out += "\",\"finalUntil\":";
  append_time_json(out, freshness.final_until);
  out += ",\"newestEvent\":";
  append_time_json(out, freshness.newest_event);
  out += ",\"asOf\":";
  append_time_json(out, freshness.as_of);
  out += ",\"lagMs\":";
  append_json_integer(out, static_cast<std::int64_t>(freshness.lag.count()));
  out += '}';
}

void append_answer_json(std::string& out, const Query& query, const Answer& answer, const Catalog& catalog) {
  const PointShape shape(query.fields, query.quantiles);
  out += "{\"name\":";
  append_json_string(out, query.selector.metric);
  out += ",\"source\":";
  if (query.selector.source) {
    append_json_string(out, *query.selector.source);
  } else {
    out += "null";
  }
  out += ",\"resolution\":\"";
  out += to_string(answer.resolution);
  out += '"';
  if (answer.resolution.kind == Resolution::Kind::raw) {
    out += ",\"points\":";
    append_raw(out, answer.raw, catalog);
  } else if (answer.grouped) {
    out += ",\"series\":[";
    bool first = true;
    for (const Series& series : answer.series) {
      if (!first) out += ',';
      first = false;
      out += "{\"source\":";
      append_json_string(out, series.source);
      out += ",\"tags\":";
      append_tags_json(out, series.tags);
      out += ",\"points\":";
      append_points(out, series.points, shape);
      out += '}';
    }
    out += ']';
  } else {
    out += ",\"points\":";
    append_points(out, answer.series.empty() ? std::vector<Point>{} : answer.series.front().points, shape);
  }
  if (answer.live_missing) out += ",\"liveMissing\":true";
  out += ",\"freshness\":";
  append_freshness_json(out, answer.freshness);
  out += '}';
}

}  // namespace millrace
