#include "app/produce/input.hpp"

#include "base/json_text.hpp"
#include "ingest/csv.hpp"
#include "ingest/event_json.hpp"
#include "model/rfc3339.hpp"

#include <simdjson.h>

#include <array>
#include <utility>

namespace millrace {
namespace {

constexpr std::size_t piece_bytes = 1U << 16;

bool blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

/// The next piece of a stream; empty at its end.
std::string read_piece(std::istream& in) {
  std::string piece(piece_bytes, '\0');
  in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
  piece.resize(static_cast<std::size_t>(in.gcount()));
  return piece;
}

}  // namespace

Result<void> EventInput::read(const Sink& sink, const Bad& bad) {
  std::string first;
  while (blank(first)) {
    std::string piece = read_piece(in_);
    if (piece.empty()) return fail(ErrorCode::invalid_argument, "there is no event in the input");
    first += piece;
  }
  if (first.starts_with("\xEF\xBB\xBF")) first.erase(0, 3);
  const std::size_t begin = first.find_first_not_of(" \t\r\n");
  if (begin != std::string::npos && first[begin] == '{') {
    read_ndjson(std::move(first), sink);
    return {};
  }
  return read_csv(std::move(first), sink, bad);
}

void EventInput::read_ndjson(std::string first, const Sink& sink) {
  std::string text = std::move(first);
  std::size_t from = 0;
  const auto line = [&](std::string_view whole) {
    if (whole.ends_with('\r')) whole.remove_suffix(1);
    if (!blank(whole)) sink({whole, times_ ? event_time(whole) : std::nullopt});
  };
  while (true) {
    for (std::size_t end = text.find('\n', from); end != std::string::npos; end = text.find('\n', from)) {
      line(std::string_view(text).substr(from, end - from));
      from = end + 1;
    }
    text.erase(0, from);
    from = 0;
    const std::string piece = read_piece(in_);
    if (piece.empty()) break;
    text += piece;
  }
  line(text);
}

Result<void> EventInput::read_csv(std::string first, const Sink& sink, const Bad& bad) {
  CsvReader reader;
  std::string header_error;
  std::string line;
  const auto record = [&](const CsvReader::Record& event, std::uint64_t number) {
    if (!event) {
      if (reader.failed()) header_error = event.error().message;
      bad(number, event.error().message);
      return;
    }
    line.clear();
    append_event_json(line, *event);
    line.pop_back();
    sink({line, event->time});
  };
  for (std::string piece = std::move(first); !piece.empty() && !reader.failed(); piece = read_piece(in_)) {
    reader.feed(piece, record);
  }
  if (!reader.failed()) reader.finish(record);
  if (reader.failed())
    return fail(ErrorCode::invalid_argument, "neither NDJSON nor CSV with a header: " + header_error);
  return {};
}

std::optional<Millis> event_time(std::string_view line) {
  thread_local simdjson::dom::parser parser;
  const simdjson::padded_string padded(line);
  simdjson::dom::element event;
  if (parser.parse(padded).get(event) != simdjson::SUCCESS) return std::nullopt;
  std::int64_t whole = 0;
  std::string_view text;
  if (event["timestamp"].get(whole) == simdjson::SUCCESS) return Millis{whole};
  if (event["timestamp"].get(text) != simdjson::SUCCESS) return std::nullopt;
  const auto time = parse_rfc3339(text);
  return time ? std::optional(*time) : std::nullopt;
}

std::optional<std::string> with_time(std::string_view line, Millis time) {
  thread_local simdjson::dom::parser parser;
  const simdjson::padded_string padded(line);
  simdjson::dom::object event;
  if (parser.parse(padded).get(event) != simdjson::SUCCESS) return std::nullopt;
  std::string out = "{\"timestamp\":";
  append_json_integer(out, time.value);
  for (const auto field : event) {
    if (field.key == "timestamp") continue;
    out += ',';
    append_json_string(out, field.key);
    out += ':';
    out += simdjson::minify(field.value);
  }
  out += '}';
  return out;
}

}  // namespace millrace
