#include "push/messages.hpp"

#include "base/json_text.hpp"
#include "query/point_json.hpp"

#include <charconv>

namespace millrace {
namespace {

/// `{"type":"point"` and, if there is one, `,"topic":k`.
std::string opening(std::string_view type, TopicNumber topic) {
  std::string out = "{\"type\":\"";
  out += type;
  out += '"';
  if (topic) {
    out += ",\"topic\":";
    append_json_integer(out, static_cast<std::uint64_t>(*topic));
  }
  return out;
}

}  // namespace

std::string hello_message(std::string_view epoch, Millis now, Duration tick) {
  std::string out = opening("hello", {});
  out += ",\"epoch\":";
  append_json_string(out, epoch);
  out += ",\"serverTime\":";
  append_time_json(out, now);
  out += ",\"tickMs\":";
  append_json_integer(out, static_cast<std::int64_t>(tick.count()));
  out += '}';
  return out;
}

std::string state_message(const Freshness& freshness) {
  std::string out = opening("state", {});
  out += ",\"freshness\":";
  append_freshness_json(out, freshness);
  out += '}';
  return out;
}

std::string gap_message(TopicNumber topic, Millis from, Millis to) {
  std::string out = opening("gap", topic);
  out += ",\"from\":";
  append_time_json(out, from);
  out += ",\"to\":";
  append_time_json(out, to);
  out += '}';
  return out;
}

std::string snapshot_message(TopicNumber topic, std::span<const std::string_view> points) {
  std::string out = opening("snapshot", topic);
  std::size_t size = out.size() + 16;
  for (const std::string_view point : points) size += point.size() + 1;
  out.reserve(size);
  out += ",\"points\":[";
  bool first = true;
  for (const std::string_view point : points) {
    if (!first) out += ',';
    first = false;
    out += point;
  }
  out += "]}";
  return out;
}

std::string point_message(TopicNumber topic, std::string_view point, std::uint64_t seq, Millis event_time,
                          Millis published) {
  std::string out = opening("point", topic);
  out.reserve(out.size() + point.size() + 120);
  out += ",\"point\":";
  out += point;
  out += ",\"seq\":";
  append_json_integer(out, seq);
  out += ",\"eventTime\":";
  append_time_json(out, event_time);
  out += ",\"publishedAt\":";
  append_time_json(out, published);
  out += '}';
  return out;
}

std::string plain_message(TopicNumber topic, std::string_view point) {
  if (!topic) return std::string(point);
  std::string out = "{\"topic\":";
  append_json_integer(out, static_cast<std::uint64_t>(*topic));
  out += ',';
  out += point.substr(1);
  return out;
}

std::string event_id(std::string_view epoch, std::uint64_t seq) {
  std::string out(epoch);
  out += '-';
  append_json_integer(out, seq);
  return out;
}

std::optional<std::uint64_t> parse_event_id(std::string_view id, std::string_view epoch) {
  if (id.size() < epoch.size() + 2 || !id.starts_with(epoch) || id[epoch.size()] != '-') return std::nullopt;
  const std::string_view digits = id.substr(epoch.size() + 1);
  std::uint64_t seq = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seq);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return seq;
}

}  // namespace millrace
