#include "api/export.hpp"

#include "api/api.hpp"
#include "api/queries.hpp"
#include "api/query_pool.hpp"
#include "base/json_text.hpp"
#include "ingest/csv.hpp"
#include "ingest/event_json.hpp"
#include "model/rfc3339.hpp"
#include "query/point_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace {
namespace {

constexpr std::size_t slice_points = 200'000;       // the most that one piece holds
constexpr std::size_t comfortable_points = 20'000;  // pieces smaller than this make the next slice longer
constexpr Duration first_slice{60'000};
constexpr Duration longest_slice{24LL * 3'600'000};

std::string_view tag(const Tags& tags, std::string_view key) {
  for (const auto& [name, value] : tags) {
    if (name == key) return value;
  }
  return {};
}

}  // namespace

Export::Export(Query query, bool csv, const Catalog& catalog, QueryEngine& queries)
    : query_(std::move(query)), csv_(csv), catalog_(catalog), queries_(queries), at_(query_.from), slice_(first_slice) {
  if (csv_) tag_keys_ = catalog_.tag_keys(query_.selector.metric);
}

std::size_t Export::limit() { return slice_points; }

std::string Export::header() const {
  if (!csv_) return {};
  if (query_.resolution.kind != Resolution::Kind::raw) {
    return "timestamp,value,count,sum,min,max,first,last,p50,p95,p99,final,revision\r\n";
  }
  std::string line = "metric_name,source_id,timestamp,value";
  for (const std::string& key : tag_keys_) {
    line += ',';
    append_csv_field(line, key);
  }
  return line + "\r\n";
}

std::string Export::next() {
  std::string piece;
  if (!begun_) {
    begun_ = true;
    piece = header();
  }
  while (piece.empty() && at_ <= query_.to) {
    Query slice = query_;
    const Duration width = query_.resolution.width;
    const Duration step = width.count() > 0 ? std::max(width, Duration{slice_ / width * width}) : slice_;
    slice.from = at_;
    slice.to = std::min(query_.to, at_ + step - Duration{1});
    const auto answer = queries_.run(slice);
    if (!answer && answer.error().code == ErrorCode::too_large && slice_ > Duration{1}) {
      slice_ = slice_ / 2;
      continue;
    }
    if (!answer) {
      failed_ = answer.error();
      return piece;
    }
    append(piece, *answer);
    const std::size_t points = answer->raw.size() + (answer->series.empty() ? 0 : answer->series[0].points.size());
    if (points < comfortable_points) slice_ = std::min(longest_slice, slice_ * 2);
    at_ = slice.to + Duration{1};
  }
  return piece;
}

void Export::append(std::string& out, const Answer& answer) const {
  for (const RawAnswerPoint& point : answer.raw) {
    const SeriesKey& key = catalog_.at(point.series).key;
    if (!csv_) {
      append_event_json(out, key, point.timestamp, point.value);
      continue;
    }
    append_csv_field(out, key.metric);
    out += ',';
    append_csv_field(out, key.source);
    out += fmt::format(",{},", point.timestamp.value);
    append_json_number(out, point.value);
    for (const std::string& name : tag_keys_) {
      out += ',';
      append_csv_field(out, tag(key.tags, name));
    }
    out += "\r\n";
  }
  if (answer.series.empty()) return;
  const PointShape shape;
  for (const Point& point : answer.series[0].points) {
    if (!csv_) {
      append_point_json(out, point, shape);
      out += '\n';
      continue;
    }
    const Rollup& row = point.rollup;
    out += fmt::format("{},", format_rfc3339(point.timestamp));
    append_json_number(out, row.average());
    out += fmt::format(",{}", row.count);
    for (const double figure : {row.total(), row.min, row.max, row.first, row.last, row.digest.quantile(0.5),
                                row.digest.quantile(0.95), row.digest.quantile(0.99)}) {
      out += ',';
      append_json_number(out, figure);
    }
    out += fmt::format(",{},{}\r\n", point.final ? "true" : "false", point.revision);
  }
}

void Api::add_export_routes() {
  add(net::Method::get, "/api/v1/export", Scope::read, [this](Call call) {
    Parameters parameters(call.request);
    const std::string format = parameters.text("format").value_or("csv");
    if (format != "csv" && format != "ndjson") {
      parameters.mistake({ErrorCode::invalid_argument, "format is not valid: write csv or ndjson"});
    }
    Query query = read_query(parameters, parts_.clock.now());
    if (!call.request.parameter("resolution") && !call.request.parameter("step")) {
      query.resolution = {Resolution::Kind::raw, Duration{0}};
    }
    if (query.resolution.kind == Resolution::Kind::automatic) {
      parameters.mistake({ErrorCode::invalid_argument,
                          "resolution=auto is not valid for an export: write raw, 10s, 1m, 1h or a multiple of 10s"});
    }
    if (query.group_by || query.top) {
      parameters.mistake(
          {ErrorCode::invalid_argument, "an export has no groups: export the raw points, or one group by a filter"});
    }
    if (query.from > query.to) {
      parameters.mistake({ErrorCode::invalid_argument, "from is after to"});
    }
    if (const auto mistake = parameters.finish()) return call.responder->send(to_response(*mistake));
    if (query.resolution.width.count() > 0) {
      // Slices begin on window bounds, so that no window is cut in two.
      const Millis aligned = align_down(query.from, query.resolution.width);
      query.from = aligned == query.from ? aligned : aligned + query.resolution.width;
    }
    auto work = std::make_shared<Export>(std::move(query), format == "csv", parts_.catalog, parts_.export_queries);
    net::Response head;
    head.content_type = format == "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson";
    head.headers.emplace_back("Content-Disposition", fmt::format("attachment; filename=\"export.{}\"", format));
    auto responder = std::make_shared<net::ResponderPtr>(std::move(call.responder));
    std::move_only_function<void()> job = [responder, work, head = std::move(head)]() mutable {
      (*responder)->send_pieces(std::move(head), [work] { return work->next(); });
    };
    if (!pool_->submit(job)) {
      (*responder)->send(to_response({ErrorCode::exhausted, "too many queries are running; try again in a second"}));
    }
  });
}

}  // namespace millrace
