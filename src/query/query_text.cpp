#include "model/rfc3339.hpp"
#include "query/query.hpp"
#include "query/time_bounds.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace millrace {
namespace {

constexpr std::array<std::string_view, 12> field_names = {"value", "count", "sum", "min", "max",  "first",
                                                          "last",  "p50",   "p95", "p99", "rate", "histogram"};

constexpr std::int64_t day_ms = 86'400'000;

std::optional<std::int64_t> unit_ms(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit == "s") return 1'000;
  if (unit == "m") return 60'000;
  if (unit == "h") return 3'600'000;
  if (unit == "d") return day_ms;
  if (unit == "w") return 7 * day_ms;
  return std::nullopt;
}

/// `15m`, `30s`, `2h`, `1d`, `1w`; nullopt for anything else and for more than 100 years.
std::optional<std::int64_t> span_ms(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0 || number > 100LL * 366 * day_ms) return std::nullopt;
  const auto unit = unit_ms(text.substr(static_cast<std::size_t>(end - text.data())));
  if (!unit || number > 100LL * 366 * day_ms / *unit) return std::nullopt;
  return number * *unit;
}

/// What was sent, short enough for a message and without control characters.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, 60));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return text.size() > 60 ? out + "..." : out;
}

}  // namespace

std::string_view name(Field field) { return field_names[static_cast<std::size_t>(field)]; }

Result<Field> parse_field(std::string_view text) {
  for (std::size_t i = 0; i < field_names.size(); ++i) {
    if (field_names[i] == text) return static_cast<Field>(i);
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("field '{}' is not known; valid: value, count, sum, min, max, first, last, p50, p95, p99, "
                          "rate, histogram",
                          shown(text)));
}

std::string_view name(Freshness::State state) {
  switch (state) {
    case Freshness::State::current: return "current";
    case Freshness::State::delayed: return "delayed";
    case Freshness::State::stalled: break;
  }
  return "stalled";
}

Result<Resolution> parse_resolution(std::string_view text) {
  if (text == "raw") return Resolution{Resolution::Kind::raw, Duration{0}};
  if (text == "auto") return Resolution{Resolution::Kind::automatic, Duration{0}};
  const auto width = text.ends_with("ms") ? std::nullopt : span_ms(text);
  if (!width || *width <= 0 || *width % 10'000 != 0 || *width > 366 * day_ms) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("resolution '{}' is not valid: write raw, 10s, 1m, 1h, auto, or any multiple of 10 s such "
                            "as 30s, 5m, 1d (at most 366d)",
                            shown(text)));
  }
  return Resolution{Resolution::Kind::fixed, Duration{*width}};
}

std::string to_string(const Resolution& resolution) {
  if (resolution.kind == Resolution::Kind::raw) return "raw";
  if (resolution.kind == Resolution::Kind::automatic) return "auto";
  const std::int64_t ms = resolution.width.count();
  if (ms % day_ms == 0) return fmt::format("{}d", ms / day_ms);
  if (ms % 3'600'000 == 0) return fmt::format("{}h", ms / 3'600'000);
  if (ms % 60'000 == 0) return fmt::format("{}m", ms / 60'000);
  return fmt::format("{}s", ms / 1000);
}

Result<Millis> parse_time(std::string_view text, Millis now) {
  const auto wrong = [&](std::string_view why) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("time '{}' is not valid{}: write RFC 3339 with a zone (2026-01-02T03:04:05Z), milliseconds "
                            "since 1970, now, or now-15m (ms, s, m, h, d, w)",
                            shown(text), why));
  };
  if (text.starts_with("now")) {
    const std::string_view rest = text.substr(3);
    if (rest.empty()) return now;
    const auto span = span_ms(rest.substr(1));
    if ((rest[0] != '-' && rest[0] != '+') || !span) return wrong("");
    return now + Duration{rest[0] == '-' ? -*span : *span};
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!text.empty() && end == text.data() + text.size()) {
    const bool fits = error == std::errc{} && number >= earliest_time.value && number <= latest_time.value;
    if (!fits) return wrong(" (outside the years 1 to 9999)");
    return Millis{number};
  }
  const auto at = parse_rfc3339(text);
  if (!at) return wrong(text.empty() ? " (empty)" : "");
  return *at;
}

}  // namespace millrace
