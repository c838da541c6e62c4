#include "ingest/csv.hpp"

#include "ingest/decimal.hpp"
#include "ingest/event_rules.hpp"
#include "ingest/json_cursor.hpp"
#include "ingest/names.hpp"
#include "model/rfc3339.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

namespace millrace {
namespace {

/// The number, if all of the field is one as JSON writes it.
std::optional<Decimal> read_number(std::string_view text) {
  JsonCursor cursor;
  cursor.open(text);
  const auto token = cursor.number();
  if (!token || !cursor.at_end()) return std::nullopt;
  return Decimal(*token);
}

std::expected<Millis, std::string> read_time(std::string_view text) {
  if (const auto number = read_number(text)) {
    const auto whole = number->to_whole();
    if (!whole || *whole < 0) {
      return std::unexpected(
          fmt::format("column timestamp: {}; valid is whole milliseconds since 1970 or RFC 3339", shown(text)));
    }
    if (*whole < smallest_ms) {
      return std::unexpected(
          fmt::format("column timestamp: {} looks like seconds; valid is milliseconds: multiply by 1000", shown(text)));
    }
    return Millis{*whole};
  }
  auto time = parse_rfc3339(text);
  if (!time) return std::unexpected(fmt::format("column timestamp: {}", time.error().message));
  return *time;
}

}  // namespace

void append_csv_field(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void CsvReader::feed(std::string_view bytes, Sink sink) {
  for (const char c : bytes) {
    if (state_ == State::failed) return;
    if (mark_ < byte_order_mark.size()) {
      if (c == byte_order_mark[mark_]) {
        ++mark_;
        continue;
      }
      // No BOM after all: what looked like one is text.
      for (unsigned i = std::exchange(mark_, 3U), k = 0; k < i; ++k) step(byte_order_mark[k], sink);
    }
    step(c, sink);
  }
}

void CsvReader::finish(Sink sink) {
  if (state_ == State::failed) return;
  if (state_ == State::quoted) spoil("a field in quotes is not closed", Resume::at_line_end);
  step('\n', sink);
  if (columns_.empty() && state_ != State::failed) {
    state_ = State::failed;
    sink(std::unexpected(CsvError{1, "the file has no header; valid is one with metric_name and value"}), 1);
  }
}

void CsvReader::step(char c, Sink sink) {
  if (c == '\n') ++line_;
  if (state_ != State::skipping && text_.size() + ends_.size() > max_record_bytes) {
    spoil(fmt::format("more than {} bytes in one record", max_record_bytes),
          state_ == State::quoted ? Resume::in_quotes : Resume::out_of_quotes);
  }
  switch (state_) {
    case State::quoted:
      if (c == '"') {
        state_ = State::quote_met;
      } else {
        text_ += c;
      }
      return;
    case State::quote_met:
      if (c == '"') {
        text_ += c;
        state_ = State::quoted;
        return;
      }
      if (c == '\r') return;
      if (c == ',' || c == '\n') break;
      return spoil(
          fmt::format("field {}: text behind the closing quote; valid is a comma or a line end", ends_.size() + 1),
          Resume::at_line_end);
    case State::field_begin:
      if (c == '"') {
        state_ = State::quoted;
        return;
      }
      [[fallthrough]];
    case State::plain:
      if (c == ',' || c == '\n') break;
      if (c == '"') {
        return spoil(fmt::format("field {}: a quote in a field without quotes; valid is the whole field in quotes, "
                                 "with the quote doubled",
                                 ends_.size() + 1),
                     Resume::at_line_end);
      }
      text_ += c;
      state_ = State::plain;
      return;
    case State::skipping:
      if (c == '"' && resume_ != Resume::at_line_end) {
        resume_ = resume_ == Resume::in_quotes ? Resume::out_of_quotes : Resume::in_quotes;
      }
      if (c == '\n' && resume_ != Resume::in_quotes) end_record(sink);
      return;
    case State::failed: return;
  }
  // A comma or line end outside of quotes.
  const bool blank = c == '\n' && ends_.empty() && state_ != State::quote_met && (text_.empty() || text_ == "\r");
  if (blank) {
    text_.clear();
    state_ = State::field_begin;
    record_line_ = line_;
    return;
  }
  if (c == '\n' && state_ == State::plain && text_.ends_with('\r')) text_.pop_back();
  end_field();
  if (c == '\n') end_record(sink);
}

void CsvReader::end_field() {
  ends_.push_back(text_.size());
  state_ = State::field_begin;
}

void CsvReader::spoil(std::string message, Resume resume) {
  fault_ = std::move(message);
  state_ = State::skipping;
  resume_ = resume;
}

void CsvReader::end_record(Sink sink) {
  state_ = State::field_begin;
  if (!fault_.empty()) {
    sink(std::unexpected(CsvError{record_line_, std::exchange(fault_, {})}), record_line_);
    if (columns_.empty()) state_ = State::failed;
  } else if (!simdjson::validate_utf8(text_)) {
    sink(std::unexpected(CsvError{record_line_, "not UTF-8; valid is text in UTF-8"}), record_line_);
    if (columns_.empty()) state_ = State::failed;
  } else if (columns_.empty()) {
    read_header(sink);
  } else {
    sink(read_event(), record_line_);
  }
  text_.clear();
  ends_.clear();
  record_line_ = line_;
}

std::string_view CsvReader::field(std::size_t index) const {
  const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
  return std::string_view(text_).substr(begin, ends_[index] - begin);
}

void CsvReader::read_header(Sink sink) {
  const auto refuse = [&](std::string message) {
    columns_.clear();
    state_ = State::failed;
    sink(std::unexpected(CsvError{record_line_, std::move(message)}), record_line_);
  };
  bool has_metric = false;
  bool has_value = false;
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    const std::string_view name = field(i);
    if (const auto fault = name_fault(name, max_tag_key_bytes)) {
      return refuse(fmt::format("header, column {}: of its name, {}", i + 1, *fault));
    }
    if (std::any_of(columns_.begin(), columns_.end(), [&](const Column& c) { return c.name == name; })) {
      return refuse(fmt::format("header: column {} comes twice", shown(name)));
    }
    const Role role = name == "metric_name" ? Role::metric
                      : name == "source_id" ? Role::source
                      : name == "timestamp" ? Role::time
                      : name == "value"     ? Role::value
                                            : Role::tag;
    has_metric = has_metric || role == Role::metric;
    has_value = has_value || role == Role::value;
    columns_.push_back(Column{role, std::string(name)});
  }
  if (!has_metric || !has_value) {
    return refuse(
        fmt::format("header: column {} is missing; valid is metric_name,source_id,timestamp,value in any "
                    "order, and a column for each tag",
                    has_metric ? "value" : "metric_name"));
  }
}

CsvReader::Record CsvReader::read_event() {
  const auto refuse = [&](std::string message) { return std::unexpected(CsvError{record_line_, std::move(message)}); };
  if (ends_.size() != columns_.size()) {
    return refuse(fmt::format("{} fields; the header has {}", ends_.size(), columns_.size()));
  }
  EventText event;
  tags_.clear();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::string_view text = field(i);
    switch (columns_[i].role) {
      case Role::metric:
        if (text.empty()) return refuse("column metric_name is empty");
        event.metric = text;
        break;
      case Role::source: event.source = text; break;
      case Role::time: {
        if (text.empty()) break;
        auto time = read_time(text);
        if (!time) return refuse(std::move(time).error());
        event.time = *time;
        break;
      }
      case Role::value: {
        const auto number = read_number(text);
        const auto value = number ? number->to_double() : std::nullopt;
        if (!value) return refuse(fmt::format("column value: {}; valid is a finite number", shown(text)));
        event.value = *value;
        break;
      }
      case Role::tag:
        if (!text.empty()) tags_.emplace_back(columns_[i].name, text);
        break;
    }
  }
  event.tags = tags_;
  return event;
}

}  // namespace millrace
