#include "ingest/event_parser.hpp"

#include "ingest/event_rules.hpp"
#include "ingest/fast_event.hpp"
#include "ingest/series_cache.hpp"
#include "ingest/strict_event.hpp"
#include "ingest/text_scan.hpp"
#include "model/partitioning.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <cstring>
#include <utility>

namespace millrace {
namespace {

constexpr std::size_t max_errors = 100;
constexpr std::size_t tail_bytes = 4096;  // The end of a body is copied, so that wide loads stay inside something.

/// The part of a body that is still to be read. Up to `safe_end`, fast_margin bytes are readable.
struct Remaining {
  const char* at;
  const char* end;
  const char* safe_end;
  bool copied = false;

  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(end - at); }
  [[nodiscard]] std::string_view view() const { return {at, size()}; }
  void skip_space() {
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) ++at;
  }
};

/// What the fast readings make of the text at hand.
struct Glance {
  const char* after = nullptr;  ///< Behind the event; nullptr: not the usual shape.
  SeriesCache::Entry* entry = nullptr;
  bool guessed = false;
  double value = 0;
  Millis time;  ///< Arrival, where the event has none.
};

Remaining remaining(std::string_view body) {
  const char* end = body.data() + body.size();
  return Remaining{body.data(), end, body.size() >= tail_bytes ? end - fast_margin : body.data()};
}

}  // namespace

struct EventParser::Impl {
  Impl(Catalog& of, std::uint16_t partitions, IngestLimits with, Path how)
      : catalog(of), limits(with), path(how), columns(partitions) {
    for (std::uint16_t i = 0; i < partitions; ++i) columns[i].partition = PartitionId{i};
  }

  Result<Parsed> parse(std::string_view body, Millis stamp);

 private:
  void read_lines(Remaining text);
  void read_array(Remaining text);
  void keep_readable(Remaining& text);
  [[nodiscard]] bool is_one_object_over_lines(std::string_view text) const;

  [[nodiscard, gnu::always_inline]] inline Glance glance(const Remaining& text);
  /// Takes an event whose name is known and whose time is in bounds; false: strict reading must look at it.
  bool accept_known(const Glance& seen);
  /// Reads one line or element strictly; `seen`: what the glance at the same text found, for the cache.
  void read_strictly(std::uint64_t line, std::string_view text, const Glance& seen);
  Read<void> accept_strictly(std::string_view text, const Glance& seen);
  void accept(SeriesId series, PartitionId partition, Millis time, double value);
  void refuse(std::uint64_t line, Rejection reason, std::string message);
  Parsed finish();

  Catalog& catalog;
  IngestLimits limits;
  Path path;
  SeriesCache cache;
  StrictReader strict;
  std::vector<Section> columns;  ///< By partition; kept from body to body for their memory.
  FastEvent scanned;             ///< What the last glance scanned, unless its guess was right.
  std::string padded;            ///< The body's tail, with fast_margin bytes behind it.

  // Of the body at hand:
  Parsed parsed;
  Millis arrival;
  TimeBounds bounds;
  std::uint32_t minute = 0;
  std::uint64_t met = 0;
};

EventParser::EventParser(Catalog& catalog, std::uint16_t partitions, IngestLimits limits, Path path)
    : impl_(std::make_unique<Impl>(catalog, partitions, limits, path)) {}
EventParser::~EventParser() = default;

Result<Parsed> EventParser::parse_json(std::string_view body, Millis arrival) { return impl_->parse(body, arrival); }

Result<Parsed> EventParser::Impl::parse(std::string_view body, Millis stamp) {
  if (body.starts_with(byte_order_mark)) body.remove_prefix(byte_order_mark.size());
  const std::string_view text = trim(body);
  if (text.empty()) {
    return fail(ErrorCode::invalid_argument,
                "empty_body: the body holds no event; valid is a JSON object, an array of them, or one object a line");
  }
  parsed = Parsed{};
  arrival = stamp;
  bounds = TimeBounds{stamp - limits.allowed_lateness, stamp + limits.allowed_ahead};
  minute = static_cast<std::uint32_t>(stamp.value / 60'000);
  met = 0;
  for (Section& section : columns) {
    section.series.clear();
    section.time.clear();
    section.value.clear();
  }
  if (text[0] == '[') {
    read_array(remaining(text.substr(1)));
  } else if (is_one_object_over_lines(text)) {
    read_strictly(1, text, Glance{});
  } else {
    read_lines(remaining(body));
  }
  return finish();
}

bool EventParser::Impl::is_one_object_over_lines(std::string_view text) const {
  if (text[0] != '{' || text.size() > limits.line) return false;
  const std::size_t first_line = text.find('\n');
  if (first_line == std::string_view::npos) return false;
  return value_size(text.substr(0, first_line)) == std::string_view::npos && value_size(text) == text.size();
}

void EventParser::Impl::keep_readable(Remaining& text) {
  if (text.copied || text.size() >= tail_bytes) return;
  padded.assign(text.at, text.end);
  const std::size_t size = padded.size();
  padded.append(fast_margin, '\0');
  text = Remaining{padded.data(), padded.data() + size, padded.data() + size, true};
}

Glance EventParser::Impl::glance(const Remaining& text) {
  Glance seen;
  if (path == Path::strict_only) return seen;
  if (SeriesCache::Entry* guess = cache.guess()) {
    const FastPoint point = match_event(*guess, text.at, text.safe_end);
    if (point.after != nullptr) {
      seen.after = point.after;
      seen.entry = guess;
      seen.guessed = true;
      seen.value = point.value;
      seen.time = guess->timed ? Millis{point.time} : arrival;
      return seen;
    }
  }
  scanned = scan_event(text.at, text.safe_end);
  if (scanned.after == nullptr) return seen;
  seen.after = scanned.after;
  seen.entry = cache.find(scanned.raw);
  seen.value = scanned.value;
  seen.time = scanned.timed ? Millis{scanned.time} : arrival;
  return seen;
}

void EventParser::Impl::read_lines(Remaining text) {
  for (std::uint64_t line = 1; text.at < text.end; ++line) {
    keep_readable(text);
    Glance seen = glance(text);
    const char* end = seen.after;
    if (end != nullptr) {
      if (end < text.end && *end == '\r') ++end;
      if (end < text.end && *end != '\n') end = nullptr;
    }
    if (end == nullptr) {
      seen = Glance{};
      const void* found = std::memchr(text.at, '\n', text.size());
      end = found != nullptr ? static_cast<const char*>(found) : text.end;
    }
    const std::string_view whole(text.at, static_cast<std::size_t>(end - text.at));
    text.at = end + 1;
    if (whole.size() <= limits.line && accept_known(seen)) continue;
    if (const std::string_view content = trim(whole); !content.empty()) read_strictly(line, content, seen);
  }
}

void EventParser::Impl::read_array(Remaining text) {
  std::uint64_t element = 1;
  text.skip_space();
  for (bool first = true;; first = false, ++element) {
    keep_readable(text);
    if (text.at < text.end && *text.at == ']' && first) break;
    const Glance seen = glance(text);
    const std::size_t size =
        seen.after != nullptr ? static_cast<std::size_t>(seen.after - text.at) : value_size(text.view());
    if (size == std::string_view::npos) {
      ++met;
      refuse(element, Rejection::not_json,
             "this element has no end (a string or bracket stays open), so nothing from here on can be read; "
             "valid is a closed JSON array");
      return;
    }
    if (size == 0) {
      ++met;
      refuse(element, Rejection::not_json, "expected an element after the bracket or comma; valid is a JSON object");
      return;
    }
    if (size > limits.line || !accept_known(seen)) read_strictly(element, {text.at, size}, seen);
    text.at += size;
    text.skip_space();
    if (text.at < text.end && *text.at == ']') break;
    if (text.at >= text.end || *text.at != ',') {
      ++met;
      refuse(element + 1, Rejection::not_json,
             text.at >= text.end ? "the array is not closed; what was read before counts"
                                 : "expected a comma or ] after the element before; nothing from here on is read");
      return;
    }
    ++text.at;
    text.skip_space();
  }
  ++text.at;
  text.skip_space();
  if (text.at >= text.end) return;
  ++met;
  refuse(element + 1, Rejection::trailing_content, "found more after the array; valid is one array a body");
}

bool EventParser::Impl::accept_known(const Glance& seen) {
  SeriesCache::Entry* entry = seen.entry;
  if (entry == nullptr || seen.time < bounds.oldest || seen.time > bounds.newest || met >= limits.events) return false;
  if (seen.guessed) {
    cache.met_guess();
  } else {
    cache.met_found();
  }
  if (entry->minute != minute) {
    entry->minute = minute;
    catalog.touch(entry->series, arrival);
  }
  ++met;
  if (entry->source_size == 0) ++parsed.unknown_source;
  accept(entry->series, entry->partition, seen.time, seen.value);
  return true;
}

void EventParser::Impl::read_strictly(std::uint64_t line, std::string_view text, const Glance& seen) {
  ++met;
  if (met > limits.events) {
    refuse(line, Rejection::too_many_events,
           fmt::format("more events than one body may hold; valid are up to {}", limits.events));
  } else if (text.size() > limits.line) {
    refuse(line, Rejection::line_too_long,
           fmt::format("{} bytes; valid are up to {} for one event", text.size(), limits.line));
  } else if (!simdjson::validate_utf8(text.data(), text.size())) {
    refuse(line, Rejection::invalid_utf8,
           fmt::format("byte {} is not UTF-8; valid is text in UTF-8", invalid_utf8_at(text) + 1));
  } else if (auto done = accept_strictly(text, seen); !done) {
    refuse(line, done.error().reason, std::move(done.error().message));
  }
}

Read<void> EventParser::Impl::accept_strictly(std::string_view text, const Glance& seen) {
  const auto event = strict.read(text, bounds);
  if (!event) return std::unexpected(event.error());
  const Catalog::Interned interned = catalog.intern(event->key, arrival);
  if (interned.refusal == SeriesRefusal::metric_limit) {
    return std::unexpected(Refusal{
        Rejection::metric_series_limit,
        fmt::format("a new series, and its metric has all of its {} active ones; valid are events of known series",
                    catalog.limits().per_metric)});
  }
  if (interned.refusal == SeriesRefusal::total_limit) {
    return std::unexpected(
        Refusal{Rejection::series_limit,
                fmt::format("a new series, and all {} active ones are taken; valid are events of known series",
                            catalog.limits().all)});
  }
  const auto partition = partition_of(event->key.source, static_cast<std::uint16_t>(columns.size()));
  if (!event->has_source) ++parsed.unknown_source;
  accept(interned.id, partition, event->time.value_or(arrival), event->value);
  if (seen.after != nullptr && seen.entry == nullptr) cache.insert(scanned.raw, interned.id, partition, minute);
  return {};
}

void EventParser::Impl::accept(SeriesId series, PartitionId partition, Millis time, double value) {
  Section& column = columns[partition.value];
  column.series.push_back(series);
  column.time.push_back(time);
  column.value.push_back(value);
}

void EventParser::Impl::refuse(std::uint64_t line, Rejection reason, std::string message) {
  ++parsed.rejected;
  ++parsed.by_reason[static_cast<std::size_t>(reason)];
  if (parsed.errors.size() < max_errors) parsed.errors.push_back(EventError{line, reason, std::move(message)});
}

Parsed EventParser::Impl::finish() {
  parsed.batch.arrival = arrival;
  for (const Section& column : columns) {
    // Copied, so that the batch holds no more memory than it needs and the columns keep theirs.
    if (column.size() != 0) parsed.batch.sections.push_back(column);
  }
  return std::move(parsed);
}

}  // namespace millrace
