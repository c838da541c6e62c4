#include "ingest/event_json.hpp"

#include "base/json_text.hpp"

#include <vector>

namespace millrace {

void append_event_json(std::string& out, const EventText& event) {
  out += "{\"metric_name\":";
  append_json_string(out, event.metric);
  if (!event.source.empty()) {
    out += ",\"source_id\":";
    append_json_string(out, event.source);
  }
  if (event.time) {
    out += ",\"timestamp\":";
    append_json_integer(out, event.time->value);
  }
  out += ",\"value\":";
  append_json_number(out, event.value);
  if (!event.tags.empty()) {
    char before = '{';
    out += ",\"tags\":";
    for (const auto& [key, value] : event.tags) {
      out += before;
      before = ',';
      append_json_string(out, key);
      out += ':';
      append_json_string(out, value);
    }
    out += '}';
  }
  out += "}\n";
}

void append_event_json(std::string& out, const SeriesKey& key, Millis time, double value) {
  const std::vector<std::pair<std::string_view, std::string_view>> tags(key.tags.begin(), key.tags.end());
  append_event_json(out, EventText{key.metric, key.source, time, value, tags});
}

}  // namespace millrace
