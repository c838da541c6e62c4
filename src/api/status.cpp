#include "api/api.hpp"
#include "api/events.hpp"
#include "base/json_text.hpp"
#include "model/rfc3339.hpp"
#include "query/point_json.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace millrace {
namespace {

std::string time_or_null(Millis at) {
  return at <= Millis::never() ? "null" : fmt::format("\"{}\"", format_rfc3339(at));
}

std::string partition_json(const PartitionStatus& status, Millis now) {
  const auto lag = status.oldest_waiting ? std::max(Duration{0}, now - *status.oldest_waiting) : Duration{0};
  return fmt::format(
      R"({{"partition":{},"state":"{}","folded":{},"committed":{},"watermark":{},"newestEvent":{},"lagMs":{},)"
      R"("heartbeatAgeMs":{},"queueBytes":{},"queueLimitBytes":{},"events":{},"lateEvents":{},"openRows":{},)"
      R"("lastCommitAgeMs":{}}})",
      status.partition.value, status.halted ? "halted" : "running", status.folded.value, status.committed.value,
      time_or_null(status.watermark), time_or_null(status.newest_event), lag.count(), status.heartbeat_age.count(),
      status.queue_bytes, status.queue_limit, status.events, status.late_events, status.open_rows,
      status.last_commit_age.count());
}

net::Response plain(int status, std::string text) {
  net::Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text);
  return response;
}

}  // namespace

std::string Api::status_json() const {
  const Millis now = parts_.clock.now();
  const StoreStatus store = parts_.store.status();
  std::string json = fmt::format(R"({{"version":"{}","serverTime":"{}","ready":{},"epoch":"{}","freshness":)",
                                 options_.version, format_rfc3339(now), ready() ? "true" : "false", parts_.hub.epoch());
  append_freshness_json(json, parts_.queries.freshness());
  json += fmt::format(
      R"(,"log":{{"kind":"journal","end":{},"partitions":{}}},"stream":{{"engine":"builtin","partitions":[)",
      parts_.log.end().value, parts_.log.partitions());
  bool first = true;
  for (const PartitionStatus& status : parts_.engine.status()) {
    if (!first) json += ',';
    first = false;
    json += partition_json(status, now);
  }
  json += fmt::format(
      R"(]}},"store":{{"kind":"embedded","bytes":{},"pages":{},"commits":{},"lastCommitMs":{}}},)"
      R"("catalog":{{"series":{},"active":{},"limit":{},"limitPerMetric":{}}},"push":{{"subscribers":{}}},"limits":{{)"
      R"("body":{},"line":{},"events":{},"points":{},"topics":{}}},)"
      R"("events":{{"met":{:.0f},"accepted":{:.0f},"duplicates":{:.0f},"failed":{:.0f},"rejected":{{)",
      store.bytes, store.pages, store.commits, store.last_commit_took.count(), parts_.catalog.size(),
      parts_.catalog.active(), parts_.catalog.limits().all, parts_.catalog.limits().per_metric,
      parts_.hub.subscribers(), options_.body_limit, options_.ingest.line, options_.ingest.events, options_.points,
      options_.topics, ingest_->received.value(), ingest_->accepted.value(), ingest_->duplicates.value(),
      ingest_->failed.value());
  first = true;
  for (std::size_t i = 0; i < ingest_->rejected.size(); ++i) {
    const double count = ingest_->rejected[i]->value();
    if (count == 0) continue;
    json += fmt::format(R"({}"{}":{:.0f})", first ? "" : ",", name(static_cast<Rejection>(i)), count);
    first = false;
  }
  json += "}}}";
  return json;
}

void Api::add_status_routes() {
  add(net::Method::get, "/healthz", Scope::none, [](Call call) { call.responder->send(plain(200, "alive\n")); });
  add(net::Method::get, "/readyz", Scope::none, [this](Call call) {
    call.responder->send(ready() ? plain(200, "ready\n") : plain(503, "not ready: reading the journal\n"));
  });
  add(net::Method::get, "/metrics", Scope::read, [this](Call call) {
    net::Response response = plain(200, parts_.metrics.text());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    call.responder->send(std::move(response));
  });
  add(net::Method::get, "/api/v1/status", Scope::read, [this](Call call) {
    net::Response response;
    response.body = status_json();
    call.responder->send(std::move(response));
  });
}

}  // namespace millrace
