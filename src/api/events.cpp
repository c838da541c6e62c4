#include "api/events.hpp"

#include "base/json_text.hpp"

#include <fmt/format.h>

#include <charconv>

namespace millrace {
namespace {

constexpr std::size_t producer_id_limit = 200;

/// Media types that a body of events may have; empty counts too, since curl users forget it.
bool is_json_type(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  for (const std::string_view valid : {"", "application/json", "application/x-ndjson", "application/ndjson",
                                       "application/jsonl", "text/plain", "application/x-www-form-urlencoded"}) {
    if (type == valid) return true;
  }
  return false;
}

struct Producer {
  std::string id;
  std::uint64_t sequence = 0;
};

Result<Producer> read_producer(const net::Request& request) {
  Producer producer{std::string(request.header("x-producer-id"))};
  const std::string_view sequence = request.header("x-sequence");
  if (producer.id.empty() && sequence.empty()) return producer;
  if (producer.id.empty() || producer.id.size() > producer_id_limit) {
    return fail(ErrorCode::invalid_argument, "X-Producer-Id must be 1 to 200 bytes and come with X-Sequence");
  }
  const auto [end, error] = std::from_chars(sequence.data(), sequence.data() + sequence.size(), producer.sequence);
  if (error != std::errc{} || end != sequence.data() + sequence.size() || sequence.empty()) {
    return fail(ErrorCode::invalid_argument, "X-Sequence must be a whole number and come with X-Producer-Id");
  }
  return producer;
}

}  // namespace

std::string ingest_answer(std::uint64_t accepted, std::uint64_t duplicates, const Parsed& parsed,
                          std::string_view error_code, std::string_view error_message) {
  std::string body =
      fmt::format(R"({{"accepted":{},"duplicates":{},"rejected":{},"errors":[)", accepted, duplicates, parsed.rejected);
  for (const EventError& error : parsed.errors) {
    if (body.back() != '[') body += ',';
    body += fmt::format(R"({{"line":{},"reason":"{}","message":)", error.line, name(error.reason));
    append_json_string(body, error.message);
    body += '}';
  }
  body += ']';
  if (!error_code.empty()) {
    body += fmt::format(R"(,"error":{{"code":"{}","message":)", error_code);
    append_json_string(body, error_message);
    body += '}';
  }
  body += '}';
  return body;
}

Api::Ingest::Ingest(const ApiParts& parts, const ApiOptions& options)
    : received(parts.metrics.counter("millrace_ingest_events_total", "Events that were met in request bodies.")),
      accepted(parts.metrics.counter("millrace_ingest_accepted_total", "Events that were acknowledged as durable.")),
      duplicates(parts.metrics.counter("millrace_ingest_duplicates_total",
                                       "Events of batches whose producer sequence had been seen before.")),
      failed(parts.metrics.counter("millrace_ingest_failed_total",
                                   "Events that could not be persisted and were answered 409, 429 or 503.")),
      unknown_source(
          parts.metrics.counter("millrace_ingest_unknown_source_total", "Accepted events without source_id.")),
      bytes(parts.metrics.counter("millrace_ingest_bytes_total", "Bytes of event bodies, decompressed.")),
      append_seconds(
          parts.metrics.seconds("millrace_ingest_append_seconds", "From a parsed batch to its acknowledgement.")) {
  for (std::size_t i = 0; i < rejected.size(); ++i) {
    rejected[i] = &parts.metrics.counter("millrace_ingest_rejected_total", "Events that were rejected, by reason.",
                                         {{"reason", std::string(name(static_cast<Rejection>(i)))}});
  }
  for (std::size_t i = 0; i < options.net_threads; ++i) {
    parsers.push_back(std::make_unique<EventParser>(parts.catalog, options.partitions, options.ingest));
  }
}

void Api::add_event_routes() {
  add(net::Method::post, "/api/v1/events", Scope::write, [this](Call call) {
    const auto answer = [&call](const Error& error, int status, std::string_view code) {
      call.responder->send(net::error_response(status, code, error.message));
    };
    if (!is_json_type(call.request.header("content-type"))) {
      return answer({ErrorCode::unsupported_version, "send application/json or application/x-ndjson"}, 415,
                    "unsupported_media_type");
    }
    auto producer = read_producer(call.request);
    if (!producer) return answer(producer.error(), 400, "invalid_producer");
    std::string inflated;
    std::string_view body = call.request.body;
    if (const auto encoding = call.request.header("content-encoding"); !encoding.empty()) {
      auto plain = decompress(encoding, body, options_.body_limit);
      if (!plain) {
        if (plain.error().code == ErrorCode::unsupported_version)
          return answer(plain.error(), 415, "unsupported_encoding");
        if (plain.error().code == ErrorCode::too_large) return answer(plain.error(), 413, "body_too_large");
        return answer(plain.error(), 400, "invalid_compression");
      }
      inflated = *std::move(plain);
      body = inflated;
    }
    if (body.size() > options_.body_limit) {
      return answer(
          {ErrorCode::too_large, fmt::format("the body is over {} bytes; send smaller batches", options_.body_limit)},
          413, "body_too_large");
    }
    Ingest& ingest = *ingest_;
    ingest.bytes.add(static_cast<double>(body.size()));
    auto parsed = ingest.parsers[call.thread]->parse_json(body, parts_.clock.now());
    if (!parsed) return answer(parsed.error(), 400, "empty_body");
    const std::uint64_t events = parsed->batch.size();
    ingest.received.add(static_cast<double>(events + parsed->rejected));
    for (std::size_t i = 0; i < ingest.rejected.size(); ++i) {
      if (parsed->by_reason[i] != 0) ingest.rejected[i]->add(static_cast<double>(parsed->by_reason[i]));
    }
    if (events == 0) {
      net::Response response;
      response.status = 400;
      response.body = ingest_answer(0, 0, *parsed, "all_rejected", "every event was rejected; errors says why");
      return call.responder->send(std::move(response));
    }
    parsed->batch.producer = std::move(producer->id);
    parsed->batch.sequence = producer->sequence;
    auto batch = std::make_shared<const EventBatch>(std::move(parsed->batch));
    const Duration begun = parts_.clock.steady();
    parts_.log.append(batch, [this, events, begun, parsed = *std::move(parsed),
                              responder = std::move(call.responder)](Result<Appended> done) {
      Ingest& figures = *ingest_;
      net::Response response;
      if (!done) {
        figures.failed.add(static_cast<double>(events));
        return responder->send(done.error().code == ErrorCode::conflict
                                   ? net::error_response(409, "sequence_too_old", done.error().message)
                                   : to_response(done.error()));
      }
      (done->duplicate ? figures.duplicates : figures.accepted).add(static_cast<double>(events));
      figures.append_seconds.observe(static_cast<double>((parts_.clock.steady() - begun).count()) / 1e3);
      if (!done->duplicate) figures.unknown_source.add(static_cast<double>(parsed.unknown_source));
      response.body =
          done->duplicate ? ingest_answer(0, events, parsed, "", "") : ingest_answer(events, 0, parsed, "", "");
      responder->send(std::move(response));
    });
  });
}

}  // namespace millrace
