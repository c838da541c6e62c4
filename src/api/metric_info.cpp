#include "api/metric_info.hpp"

#include "api/api.hpp"
#include "api/parameters.hpp"
#include "base/json_text.hpp"

#include <fmt/format.h>
#include <simdjson.h>

namespace millrace {
namespace {

constexpr std::size_t text_limit = 1'000;

/// "unit", "kind" and "help", without the braces.
void append_members(std::string& json, const MetricInfo& info) {
  json += "\"unit\":";
  append_json_string(json, info.unit);
  json += ",\"kind\":";
  append_json_string(json, info.kind);
  json += ",\"help\":";
  append_json_string(json, info.help);
}

std::string to_json(const MetricInfo& info) {
  std::string json = "{";
  append_members(json, info);
  return json + '}';
}

}  // namespace

Result<MetricInfo> parse_metric_info(std::string_view json) {
  static constexpr std::string_view valid =
      R"(send {"unit":"seconds","kind":"gauge|counter","help":"…"}, each a string of at most 1,000 bytes)";
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(json);
  simdjson::dom::object object;
  if (parser.parse(padded).get(object) != simdjson::SUCCESS) {
    return fail(ErrorCode::invalid_argument, std::string("not a JSON object: ") + std::string(valid));
  }
  MetricInfo info;
  for (const auto field : object) {
    std::string_view text;
    std::string* target = field.key == "unit"   ? &info.unit
                          : field.key == "kind" ? &info.kind
                          : field.key == "help" ? &info.help
                                                : nullptr;
    if (target == nullptr || field.value.get(text) != simdjson::SUCCESS || text.size() > text_limit) {
      return fail(ErrorCode::invalid_argument, std::string("field not valid: ") + std::string(valid));
    }
    *target = std::string(text);
  }
  if (info.kind != "gauge" && info.kind != "counter") {
    return fail(ErrorCode::invalid_argument, std::string("kind is not valid: ") + std::string(valid));
  }
  return info;
}

void Api::add_metric_info_routes() {
  add(net::Method::get, "/api/v1/metrics", Scope::read, [this](Call call) {
    on_pool(std::move(call), [this](const net::Request& request, const std::string&) {
      Parameters parameters(request);
      const std::string prefix = parameters.text("prefix").value_or("");
      if (const auto mistake = parameters.finish()) return to_response(*mistake);
      net::Response response;
      response.body = "{\"metrics\":[";
      for (const std::string& metric : parts_.catalog.metric_names(prefix)) {
        response.body += response.body.back() == '[' ? "{\"name\":" : ",{\"name\":";
        append_json_string(response.body, metric);
        response.body += ',';
        append_members(response.body, parts_.catalog.info(metric));
        response.body += '}';
      }
      response.body += "]}";
      return response;
    });
  });
  add(net::Method::get, "/api/v1/metrics/*", Scope::read, [this](Call call) {
    net::Response response;
    response.body = to_json(parts_.catalog.info(call.rest));
    call.responder->send(std::move(response));
  });
  add(net::Method::put, "/api/v1/metrics/*", Scope::write, [this](Call call) {
    on_pool(std::move(call), [this](const net::Request& request, const std::string& metric) {
      if (metric.size() > 200) {
        return net::error_response(400, "invalid_argument", "a metric name has 1 to 200 bytes");
      }
      auto info = parse_metric_info(request.body);
      if (!info) return to_response(info.error());
      const std::string json = to_json(*info);
      const auto put = parts_.documents.put("metric", metric, json, std::nullopt);
      if (!put) return to_response(put.error());
      parts_.catalog.set_info(metric, *std::move(info));
      net::Response response;
      response.body = json;
      return response;
    });
  });
}

Result<void> restore_metric_infos(Documents& documents, Catalog& catalog) {
  auto stored = documents.list("metric");
  if (!stored) return fail(stored.error());
  for (const Document& document : *stored) {
    auto info = parse_metric_info(document.json);
    if (!info)
      return fail(ErrorCode::corrupt, fmt::format("metric document '{}': {}", document.id, info.error().message));
    catalog.set_info(document.id, *std::move(info));
  }
  return {};
}

}  // namespace millrace
