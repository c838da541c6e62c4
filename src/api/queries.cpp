#include "api/queries.hpp"

#include "api/api.hpp"
#include "base/json_text.hpp"
#include "query/point_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

namespace millrace {
namespace {

constexpr Duration standard_range{3'600'000};

/// "p95" or "p99.9" as 0.95 or 0.999.
std::optional<double> read_quantile(std::string_view text) {
  if (text.size() < 2 || text[0] != 'p') return std::nullopt;
  double percent = 0;
  const auto [end, error] =
      std::from_chars(text.data() + 1, text.data() + text.size(), percent, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size() || percent < 0 || percent > 100) return std::nullopt;
  return percent / 100;
}

void add_field(Query& query, std::string_view text, Parameters& parameters) {
  if (auto field = parse_field(text == "avg" ? "value" : text)) {
    query.fields.push_back(*field);
  } else if (const auto quantile = read_quantile(text)) {
    query.quantiles.push_back(*quantile);
  } else if (text.starts_with("avg(") || text.starts_with("value(")) {
    parameters.mistake({ErrorCode::invalid_argument,
                        "an average of percentiles means nothing: ask for the percentile itself, it is computed from "
                        "the merged digests of all series"});
  } else {
    parameters.mistake(field.error());
  }
}

/// The items of a comma-separated list.
template <class Item>
void each_item(std::string_view list, Item item) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    item(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
}

Millis read_time(Parameters& parameters, std::string_view name, Millis standard, Millis now) {
  const auto text = parameters.text(name);
  if (!text) return standard;
  const auto time = parse_time(*text, now);
  if (!time) {
    parameters.mistake({time.error().code, fmt::format("parameter '{}': {}", name, time.error().message)});
    return standard;
  }
  return *time;
}

net::Response json_response(std::string body) {
  net::Response response;
  response.body = std::move(body);
  return response;
}

std::string series_json(const SeriesDefinition& definition, Millis seen) {
  std::string json = "{\"name\":";
  append_json_string(json, definition.key.metric);
  json += ",\"source\":";
  append_json_string(json, definition.key.source);
  json += ",\"tags\":";
  append_tags_json(json, definition.key.tags);
  json += ",\"lastSeen\":";
  append_time_json(json, seen);
  json += '}';
  return json;
}

}  // namespace

Selector read_selector(Parameters& parameters, std::string metric) {
  Selector selector{std::move(metric), std::nullopt, {}};
  const auto add = [&selector](std::string key, Matcher::Op op, std::string value) {
    if (op == Matcher::Op::equals && value.ends_with('*')) {
      value.pop_back();
      selector.matchers.push_back({std::move(key), Matcher::Op::prefix, {std::move(value)}});
      return;
    }
    for (Matcher& matcher : selector.matchers) {  // a repeated tag.KEY=V means any of them
      if (op != Matcher::Op::equals || matcher.key != key) continue;
      if (matcher.op != Matcher::Op::equals && matcher.op != Matcher::Op::in) continue;
      matcher.op = Matcher::Op::in;
      matcher.values.push_back(std::move(value));
      return;
    }
    selector.matchers.push_back({std::move(key), op, {std::move(value)}});
  };
  const auto sources = parameters.all("source");
  if (sources.size() == 1 && !sources[0].ends_with('*')) {
    if (!sources[0].empty()) selector.source = sources[0];
  } else {
    for (const std::string& source : sources) add("", Matcher::Op::equals, source);
  }
  for (const std::string& source : parameters.all("source!")) add("", Matcher::Op::not_equals, source);
  for (auto& [key, value] : parameters.prefixed("tag.")) {
    if (key.ends_with('!')) {
      add(key.substr(0, key.size() - 1), Matcher::Op::not_equals, value);
    } else {
      add(key, Matcher::Op::equals, value);
    }
  }
  return selector;
}

Query read_query(Parameters& parameters, Millis now) {
  Query query;
  query.selector = read_selector(parameters, parameters.required("name", "name=cpu_usage_percent"));
  query.to = read_time(parameters, "to", now, now);
  query.from = read_time(parameters, "from", query.to - standard_range, now);
  const auto resolution = parameters.text("resolution");
  const auto step = parameters.text("step");
  if (const auto& chosen = step ? step : resolution) {
    const auto parsed = parse_resolution(*chosen);
    if (parsed) {
      query.resolution = *parsed;
    } else {
      parameters.mistake(parsed.error());
    }
  }
  if (const auto fields = parameters.text("fields")) {
    each_item(*fields, [&](std::string_view item) { add_field(query, item, parameters); });
  }
  if (const auto aggregate = parameters.text("aggregate")) {
    add_field(query, *aggregate, parameters);
    query.by = *aggregate == "avg" ? "value" : *aggregate;
  }
  if (!query.quantiles.empty() && query.fields.empty()) query.fields.push_back(Field::value);
  query.group_by = parameters.text("groupBy");
  if (query.group_by && *query.group_by != "source" && !query.group_by->starts_with("tag.")) {
    parameters.mistake({ErrorCode::invalid_argument, "groupBy is not valid: write source or tag.KEY"});
  }
  if (const std::size_t top = parameters.whole("top", 0, 1, 1'000); top != 0) query.top = top;
  if (const auto by = parameters.text("by")) query.by = *by == "avg" ? "value" : *by;
  query.max_points = parameters.whole("maxPoints", 500, 1, 11'000);
  query.bins = parameters.whole("bins", 24, 1, 200);
  if (const auto window = parameters.text("window")) {
    query.sliding_minute = *window == "1m";
    if (*window != "1m" && *window != "10s") {
      parameters.mistake(
          {ErrorCode::invalid_argument, "window is not valid: write 1m (sliding minute) or 10s (bucket)"});
    }
    if (query.sliding_minute && query.resolution.kind == Resolution::Kind::automatic) {
      query.resolution = {Resolution::Kind::fixed, Duration{10'000}};
    }
  }
  return query;
}

void Api::add_query_routes() {
  add(net::Method::get, "/api/v1/query", Scope::read, [this](Call call) {
    on_pool(std::move(call), [this](const net::Request& request, const std::string&) {
      Parameters parameters(request);
      const Query query = read_query(parameters, parts_.clock.now());
      if (const auto mistake = parameters.finish()) return to_response(*mistake);
      const auto answer = parts_.queries.run(query);
      if (!answer) return to_response(answer.error());
      std::string json;
      append_answer_json(json, query, *answer, parts_.catalog);
      return json_response(std::move(json));
    });
  });

  add(net::Method::get, "/api/v1/latest", Scope::read, [this](Call call) {
    on_pool(std::move(call), [this](const net::Request& request, const std::string&) {
      Parameters parameters(request);
      const std::string metric = parameters.required("name", "name=cpu_usage_percent");
      const auto source = parameters.text("source");
      if (const auto mistake = parameters.finish()) return to_response(*mistake);
      const auto latest = parts_.queries.latest(metric, source);
      if (!latest) return to_response(latest.error());
      const Freshness freshness = parts_.queries.freshness();
      const auto& point = *latest;
      // The tag names what is shown; the age beside it would change every time.
      const std::string etag =
          point ? fmt::format("\"{}-{}-{}\"", point->timestamp.value, point->revision, name(freshness.state))
                : std::string("\"none\"");
      net::Response response;
      response.headers = {{"ETag", etag}, {"Cache-Control", "no-cache"}};
      if (request.header("if-none-match") == etag) {
        response.status = 304;
        return response;
      }
      response.body = "{\"name\":";
      append_json_string(response.body, metric);
      response.body += ",\"source\":";
      if (source) {
        append_json_string(response.body, *source);
      } else {
        response.body += "null";
      }
      response.body += ",\"point\":";
      if (point) {
        append_point_json(response.body, *point, PointShape());
      } else {
        response.body += "null";
      }
      const Millis now = parts_.clock.now();
      const Duration age = point ? std::max(Duration{0}, now - point->rollup.last_time) : Duration{0};
      response.body += ",\"asOf\":";
      append_time_json(response.body, now);
      response.body += fmt::format(",\"staleForMs\":{},\"state\":\"{}\"}}",
                                   point ? std::to_string(age.count()) : "null", name(freshness.state));
      return response;
    });
  });

  add(net::Method::get, "/api/v1/series", Scope::read, [this](Call call) {
    on_pool(std::move(call), [this](const net::Request& request, const std::string&) {
      Parameters parameters(request);
      const auto metric = parameters.text("name");
      const Selector selector = read_selector(parameters, metric.value_or(""));
      const std::size_t first = parameters.whole("first", 100, 1, 10'000);
      const std::size_t after = parameters.whole("after", 0, 0, UINT32_MAX);
      const bool resumed = request.parameter("after").has_value();
      if (const auto mistake = parameters.finish()) return to_response(*mistake);
      std::vector<SeriesId> found;
      if (metric) {
        found = parts_.catalog.select(selector);
      } else {
        for (const std::string& each : parts_.catalog.metric_names()) {
          Selector of_metric = selector;
          of_metric.metric = each;
          const auto some = parts_.catalog.select(of_metric);
          found.insert(found.end(), some.begin(), some.end());
        }
        std::sort(found.begin(), found.end());
      }
      auto at = resumed ? std::upper_bound(found.begin(), found.end(), SeriesId{static_cast<std::uint32_t>(after)})
                        : found.begin();
      std::string json = "{\"series\":[";
      std::optional<SeriesId> last;
      for (std::size_t n = 0; n < first && at != found.end(); ++n, ++at) {
        if (n != 0) json += ',';
        json += series_json(parts_.catalog.at(*at), parts_.catalog.last_seen(*at));
        last = *at;
      }
      json += fmt::format("],\"total\":{},\"after\":{}}}", found.size(),
                          at != found.end() && last ? std::to_string(last->value) : "null");
      return json_response(std::move(json));
    });
  });
}

}  // namespace millrace
