#include "ingest/strict_event.hpp"

#include "ingest/decimal.hpp"
#include "ingest/event_rules.hpp"
#include "ingest/names.hpp"
#include "model/rfc3339.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace {
namespace {

constexpr std::int64_t largest_ms = 100'000'000'000'000;  // Above: most likely micro- or nanoseconds.

template <class... Args>
std::unexpected<Refusal> refuse(Rejection reason, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected<Refusal>(Refusal{reason, fmt::format(format, std::forward<Args>(args)...)});
}

template <class T>
std::unexpected<Refusal> pass_on(Read<T>& read) {
  return std::unexpected<Refusal>(std::move(read).error());
}

}  // namespace

Read<StrictEvent> StrictReader::read(std::string_view text, TimeBounds bounds) {
  cursor_.open(text);
  metric_name_ = name_ = source_ = value_ = time_ = tags_ = Field{};
  tag_list_.clear();
  if (auto done = read_object(); !done) return pass_on(done);

  const Field& metric = metric_name_.absent() ? name_ : metric_name_;
  if (metric.absent()) {
    return refuse(Rejection::metric_name_missing,
                  "field \"metric_name\" is missing; valid is a string of 1 to {} bytes", max_name_bytes);
  }
  const bool alias = metric_name_.absent();
  auto name = judge_name(metric, alias ? "name" : "metric_name", Rejection::metric_name_invalid);
  if (!name) return pass_on(name);
  std::string_view source = "unknown";
  if (!source_.absent()) {
    auto read = judge_name(source_, "source_id", Rejection::source_id_invalid);
    if (!read) return pass_on(read);
    source = *read;
  }
  auto value = judge_value();
  if (!value) return pass_on(value);
  auto time = judge_time(bounds);
  if (!time) return pass_on(time);
  auto tags = judge_tags();
  if (!tags) return pass_on(tags);
  return StrictEvent{SeriesKey{std::string(*name), std::string(source), std::move(*tags)}, !source_.absent(), *value,
                     *time};
}

Read<void> StrictReader::read_object() {
  cursor_.skip_space();
  const auto what = cursor_.kind();
  if (!what) return std::unexpected(what.error());
  if (*what != Kind::object) {
    if (auto done = cursor_.skip(0); !done) return done;
    cursor_.skip_space();
    if (!cursor_.at_end()) return cursor_.unexpected("an event as a JSON object");
    return refuse(Rejection::not_an_object, "byte 1: {} is no event; valid is a JSON object", noun(*what));
  }
  cursor_.take('{');
  cursor_.skip_space();
  if (!cursor_.take('}')) {
    for (;;) {
      const auto key = cursor_.string();
      if (!key) return std::unexpected(key.error());
      cursor_.skip_space();
      if (!cursor_.take(':')) return cursor_.unexpected("a colon after the key");
      cursor_.skip_space();
      if (auto done = read_field(cursor_.view(*key)); !done) return done;
      cursor_.skip_space();
      if (cursor_.take('}')) break;
      if (!cursor_.take(',')) return cursor_.unexpected("a comma or }");
      cursor_.skip_space();
    }
  }
  cursor_.skip_space();
  if (cursor_.at_end()) return {};
  return refuse(Rejection::trailing_content, "byte {}: found {} after the object; valid is one object a line",
                cursor_.position() + 1, shown(cursor_.rest()));
}

StrictReader::Field* StrictReader::field_of(std::string_view key) {
  switch (key.size()) {
    case 4: return key == "tags" ? &tags_ : key == "name" ? &name_ : nullptr;
    case 5: return key == "value" ? &value_ : nullptr;
    case 9: return key == "timestamp" ? &time_ : key == "source_id" ? &source_ : nullptr;
    case 11: return key == "metric_name" ? &metric_name_ : nullptr;
    default: return nullptr;
  }
}

Read<void> StrictReader::read_field(std::string_view key) {
  Field* field = field_of(key);
  if (field == nullptr) return cursor_.skip(1);
  if (field == &tags_) tag_list_.clear();
  if (field == &tags_ && cursor_.rest().starts_with('{')) {
    tags_ = Field{Kind::object, false, cursor_.position(), {}, {}};
    return read_tags();
  }
  if (field == &value_ && !cursor_.at_end() && (cursor_.rest()[0] > '9' || cursor_.rest()[0] == '-')) {
    // What Python, JavaScript and C write for numbers that JSON can't say.
    constexpr std::array<std::string_view, 10> words = {"NaN",       "-NaN", "nan",  "-nan", "Infinity",
                                                        "-Infinity", "inf",  "-inf", "Inf",  "-Inf"};
    const std::size_t at = cursor_.position();
    for (const std::string_view word : words) {
      if (!cursor_.take_word(word)) continue;
      value_ = Field{Kind::number, true, at, {}, {}};
      return {};
    }
  }
  auto read = read_value(1);
  if (!read) return pass_on(read);
  *field = *read;
  return {};
}

Read<StrictReader::Field> StrictReader::read_value(unsigned depth) {
  const auto what = cursor_.kind();
  if (!what) return std::unexpected(what.error());
  Field field{*what, false, cursor_.position(), {}, {}};
  if (*what == Kind::string) {
    auto text = cursor_.string();
    if (!text) return pass_on(text);
    field.text = *text;
  } else if (*what == Kind::number) {
    auto number = cursor_.number();
    if (!number) return pass_on(number);
    field.number = *number;
  } else if (auto done = cursor_.skip(depth); !done) {
    return pass_on(done);
  }
  return field;
}

Read<void> StrictReader::read_tags() {
  cursor_.take('{');
  cursor_.skip_space();
  if (cursor_.take('}')) return {};
  for (;;) {
    auto key = cursor_.string();
    if (!key) return pass_on(key);
    cursor_.skip_space();
    if (!cursor_.take(':')) return cursor_.unexpected("a colon after the tag's key");
    cursor_.skip_space();
    auto value = read_value(2);
    if (!value) return pass_on(value);
    tag_list_.push_back(Tag{*key, *value});
    cursor_.skip_space();
    if (cursor_.take('}')) return {};
    if (!cursor_.take(',')) return cursor_.unexpected("a comma or } in the tags");
    cursor_.skip_space();
  }
}

Read<std::string_view> StrictReader::judge_name(const Field& field, std::string_view label, Rejection reason) const {
  if (*field.kind != Kind::string) {
    return refuse(reason, "byte {}, field \"{}\": {}; valid is a string of 1 to {} bytes", field.at + 1, label,
                  noun(*field.kind), max_name_bytes);
  }
  const std::string_view text = cursor_.view(field.text);
  if (const auto fault = name_fault(text, max_name_bytes)) {
    return refuse(reason, "byte {}, field \"{}\": {}", field.at + 1, label, *fault);
  }
  return text;
}

Read<double> StrictReader::judge_value() const {
  if (value_.absent()) {
    return refuse(Rejection::value_missing, "field \"value\" is {}; valid is a finite JSON number",
                  value_.kind ? "null" : "missing");
  }
  if (value_.not_finite) {
    return refuse(Rejection::value_not_finite,
                  "byte {}, field \"value\": NaN or an infinity; valid is a finite JSON number", value_.at + 1);
  }
  if (*value_.kind != Kind::number) {
    return refuse(Rejection::value_not_a_number, "byte {}, field \"value\": {}; valid is a finite JSON number{}",
                  value_.at + 1, noun(*value_.kind), *value_.kind == Kind::string ? ", without quotes" : "");
  }
  if (const auto number = Decimal(value_.number).to_double()) return *number;
  return refuse(Rejection::value_not_finite,
                "byte {}, field \"value\": larger than a double can hold; valid is up to 1.7976931348623157e308",
                value_.at + 1);
}

Read<std::optional<Millis>> StrictReader::judge_time(TimeBounds bounds) const {
  constexpr std::string_view valid = "valid is whole milliseconds since 1970 or an RFC 3339 string with zone";
  if (time_.absent()) return std::optional<Millis>{};
  const std::size_t at = time_.at + 1;
  Millis time;
  std::string_view unit;
  if (*time_.kind == Kind::string) {
    const auto parsed = parse_rfc3339(cursor_.view(time_.text));
    if (!parsed) {
      return refuse(Rejection::timestamp_invalid, "byte {}, field \"timestamp\": {}; {}", at, parsed.error().message,
                    valid);
    }
    time = *parsed;
  } else if (*time_.kind == Kind::number) {
    const Decimal number(time_.number);
    const auto whole = number.to_whole();
    if (!whole) {
      return refuse(Rejection::timestamp_invalid, "byte {}, field \"timestamp\": a number with a fraction; {}", at,
                    valid);
    }
    if (*whole < 0) {
      return refuse(Rejection::timestamp_invalid, "byte {}, field \"timestamp\": a negative number; {}", at, valid);
    }
    if (*whole < smallest_ms) {
      return refuse(Rejection::timestamp_in_seconds,
                    "byte {}, field \"timestamp\": {} looks like seconds; valid is milliseconds: multiply by 1000", at,
                    *whole);
    }
    if (*whole > largest_ms) unit = " (it looks like micro- or nanoseconds; valid is milliseconds)";
    time = Millis{*whole};
  } else {
    return refuse(Rejection::timestamp_invalid, "byte {}, field \"timestamp\": {}; {}", at, noun(*time_.kind), valid);
  }
  if (time > bounds.newest) {
    return refuse(Rejection::timestamp_in_future,
                  "byte {}, field \"timestamp\": later than is taken now{}; valid is up to {}", at, unit,
                  format_rfc3339(bounds.newest));
  }
  if (time < bounds.oldest) {
    return refuse(Rejection::timestamp_too_old,
                  "byte {}, field \"timestamp\": {} is older than is taken now; valid is from {}", at,
                  format_rfc3339(time), format_rfc3339(bounds.oldest));
  }
  return time;
}

Read<Tags> StrictReader::judge_tags() {
  Tags tags;
  if (tags_.absent()) return tags;
  if (*tags_.kind != Kind::object) {
    return refuse(Rejection::tags_invalid, "byte {}, field \"tags\": {}; valid is an object of strings", tags_.at + 1,
                  noun(*tags_.kind));
  }
  // Only the last of equal keys is judged, since it is the one that stands.
  const auto key_of = [this](const Tag& tag) { return cursor_.view(tag.key); };
  std::sort(tag_list_.begin(), tag_list_.end(), [&](const Tag& a, const Tag& b) {
    const int order = key_of(a).compare(key_of(b));
    return order != 0 ? order < 0 : a.value.at < b.value.at;
  });
  tags.reserve(std::min(tag_list_.size(), max_tags));
  for (std::size_t i = 0; i < tag_list_.size(); ++i) {
    const Tag& tag = tag_list_[i];
    const std::string_view key = key_of(tag);
    if (i + 1 < tag_list_.size() && key_of(tag_list_[i + 1]) == key) continue;
    const std::size_t at = tag.value.at + 1;
    if (const auto fault = name_fault(key, max_tag_key_bytes)) {
      return refuse(Rejection::tags_invalid, "byte {}, tag {}: of the key, {}", at, shown(key), *fault);
    }
    if (tag.value.absent()) continue;
    if (*tag.value.kind != Kind::string) {
      return refuse(Rejection::tags_invalid, "byte {}, tag {}: {}; valid is a string", at, shown(key),
                    noun(*tag.value.kind));
    }
    const std::string_view value = cursor_.view(tag.value.text);
    if (value.empty()) continue;
    if (const auto fault = name_fault(value, max_name_bytes, true)) {
      return refuse(Rejection::tags_invalid, "byte {}, tag {}: {}", at, shown(key), *fault);
    }
    if (tags.size() < max_tags) {
      tags.emplace_back(key, value);
    } else {
      return refuse(Rejection::too_many_tags, "byte {}, field \"tags\": more than {} tags; valid are up to {}",
                    tags_.at + 1, max_tags, max_tags);
    }
  }
  return tags;
}

}  // namespace millrace
