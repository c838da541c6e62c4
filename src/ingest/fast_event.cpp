#include "ingest/fast_event.hpp"

#include "ingest/wide_bytes.hpp"
#include "model/rfc3339.hpp"

#include <bit>
#include <charconv>
#include <cstddef>
#include <string_view>

namespace millrace {
namespace {

constexpr double powers_of_ten[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
constexpr std::uint32_t name_limit = 200;
constexpr std::uint32_t tag_limit = 32;
constexpr std::size_t number_limit = 60;  // Longer ones are left to strict reading, so that the margin holds.

consteval std::uint64_t word_of(std::string_view text) {
  std::uint64_t word = 0;
  for (std::size_t i = text.size(); i-- > 0;) word = word << 8 | static_cast<unsigned char>(text[i]);
  return word;
}

struct Number {
  const char* after = nullptr;
  double value = 0;
};

/// Any JSON number by its grammar; for those that the short way leaves.
Number scan_long_number(const char* begin) {
  const char* const limit = begin + number_limit;
  const char* at = begin;
  const auto digit = [&at] { return *at >= '0' && *at <= '9'; };
  if (*at == '-') ++at;
  if (!digit() || (*at == '0' && at[1] >= '0' && at[1] <= '9')) return {};
  while (at < limit && digit()) ++at;
  if (*at == '.') {
    ++at;
    if (!digit()) return {};
    while (at < limit && digit()) ++at;
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!digit()) return {};
    while (at < limit && digit()) ++at;
  }
  if (at >= limit) return {};
  Number number{at, 0};
  const auto [end, error] = std::from_chars(begin, at, number.value);
  if (error != std::errc{} || end != at) return {};
  return number;
}

/// Up to 15 digits m with k of them behind the point: m / 10^k is the correctly rounded double, as both are exact.
[[gnu::always_inline]] inline Number scan_number(const char* const begin) {
  const bool negative = *begin == '-';
  const char* const at = begin + (negative ? 1 : 0);
  const std::uint32_t stops = no_digits(at) | 0x10000U;
  const auto whole = static_cast<unsigned>(std::countr_zero(stops));
  if (whole == 0) return {};
  if (*at == '0' && whole > 1) return {};
  unsigned size = whole;
  unsigned fraction = 0;
  if (at[whole] == '.') {
    size = static_cast<unsigned>(std::countr_zero(stops & (stops - 1)));
    if (size > 16) size = 16;
    fraction = size - whole - 1;
    if (whole >= 15 || fraction == 0) return scan_long_number(begin);
  }
  if (size > 15 || at[size] == 'e' || at[size] == 'E') return scan_long_number(begin);

  std::uint64_t mantissa = 0;
  const std::uint64_t word = load64(at);
  if (size <= 8) {
    if (fraction == 0) {
      mantissa = digits_value(word, whole);
    } else {
      const std::uint64_t before = (std::uint64_t{1} << (8 * whole)) - 1;
      mantissa = digits_value((word & before) | ((word >> 8) & ~before), whole + fraction);
    }
  } else {
    for (unsigned i = 0; i < size; ++i) {
      if (i != whole) mantissa = mantissa * 10 + static_cast<std::uint64_t>(at[i] - '0');
    }
  }
  const double value = static_cast<double>(mantissa) / powers_of_ten[fraction];
  return {at + size, negative ? -value : value};
}

/// The quote that ends a plain string of ASCII; its first byte is at `at`.
const char* ascii_string_end(const char* at, const char* safe_end) {
  for (; at <= safe_end; at += 16) {
    const std::uint32_t stops = string_stops(at);
    const std::uint32_t before = stops == 0 ? 0xFFFFU : (stops & (~stops + 1)) - 1;
    if ((high_bytes(at) & before) != 0) return nullptr;
    if (stops != 0) {
      at += std::countr_zero(stops);
      return *at == '"' ? at : nullptr;
    }
  }
  return nullptr;
}

struct Time {
  const char* after = nullptr;
  std::int64_t value = 0;
};

/// The quote that ends a plain string whose first byte is at `at`.
[[gnu::always_inline]] inline const char* string_end(const char* at, const char* safe_end) {
  for (; at <= safe_end; at += 16) {
    const std::uint32_t stops = string_stops(at);
    if (stops != 0) {
      at += std::countr_zero(stops);
      return *at == '"' ? at : nullptr;
    }
  }
  return nullptr;
}

[[gnu::always_inline]] inline Time scan_time(const char* at, const char* safe_end) {
  if (*at == '"') {
    const char* end = string_end(at + 1, safe_end);
    if (end == nullptr) return {};
    const auto parsed = parse_rfc3339(std::string_view(at + 1, static_cast<std::size_t>(end - at - 1)));
    return parsed ? Time{end + 1, parsed->value} : Time{};
  }
  // 12 to 15 digits: below lie seconds, above nothing that is near any arrival.
  const auto size = static_cast<unsigned>(std::countr_zero(no_digits(at) | 0x10000U));
  if (size < 12 || size > 15 || *at == '0') return {};
  std::uint64_t value = digits_value(load64(at), 8);
  constexpr std::uint64_t powers[] = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000, 10'000'000};
  const unsigned rest = size - 8;
  value = value * powers[rest] + digits_value(load64(at + 8), rest);
  return {at + size, static_cast<std::int64_t>(value)};
}

/// Behind the closing brace of flat string tags whose first byte after the opening one is at `at`.
const char* tags_end(const char* at, const char* safe_end) {
  if (*at == '}') return at + 1;
  for (std::uint32_t count = 0; count < tag_limit; ++count) {
    if (*at != '"') return nullptr;
    at = string_end(at + 1, safe_end);
    if (at == nullptr || at[1] != ':') return nullptr;
    at += at[2] == ' ' ? 3 : 2;
    if (*at != '"') return nullptr;
    at = string_end(at + 1, safe_end);
    if (at == nullptr) return nullptr;
    ++at;
    if (*at == '}') return at + 1;
    if (*at != ',') return nullptr;
    at += at[1] == ' ' ? 2 : 1;
  }
  return nullptr;
}

/// Behind a key and its value, both of plain ASCII, that mean nothing here; `at`: the key's first byte.
const char* skip_unknown(const char* at, const char* safe_end) {
  const char* end = ascii_string_end(at, safe_end);
  if (end == nullptr || end[1] != ':') return nullptr;
  at = end + (end[2] == ' ' ? 3 : 2);
  if (*at == '"') {
    end = ascii_string_end(at + 1, safe_end);
    return end == nullptr ? nullptr : end + 1;
  }
  const std::uint64_t word = load64(at);
  if (first_bytes(word, 4) == word_of("true") || first_bytes(word, 4) == word_of("null")) return at + 4;
  if (first_bytes(word, 5) == word_of("false")) return at + 5;
  return scan_number(at).after;
}

enum Key : unsigned { none = 0, metric = 1, source = 2, value = 4, time = 8, tags = 16 };

struct KeyEnd {
  Key key = none;
  unsigned size = 0;  ///< Closing quote included.
};

[[gnu::always_inline]] inline KeyEnd scan_key(const char* at) {
  const std::uint64_t word = load64(at);
  if (word == word_of("timestam") && at[8] == 'p' && at[9] == '"') return {time, 10};
  if (word == word_of("metric_n") && first_bytes(load64(at + 8), 4) == word_of("ame\"")) return {metric, 12};
  if (word == word_of("source_i") && at[8] == 'd' && at[9] == '"') return {source, 10};
  if (first_bytes(word, 6) == word_of("value\"")) return {value, 6};
  if (first_bytes(word, 5) == word_of("tags\"")) return {tags, 5};
  if (first_bytes(word, 5) == word_of("name\"")) return {metric, 5};
  return {};
}

}  // namespace

FastEvent scan_event(const char* at, const char* safe_end) {
  FastEvent event;
  RawEvent& raw = event.raw;
  if (*at != '{') return event;
  raw.text = at;
  ++at;
  unsigned met = 0;
  for (;;) {
    if (*at != '"' || at > safe_end) return event;
    const KeyEnd key = scan_key(at + 1);
    // A key that comes twice is legal but rare: strict reading knows which one stands.
    if ((met & key.key) != 0) return event;
    met |= key.key;
    if (key.key != none) {
      at += 1 + key.size;
      if (*at != ':') return event;
      at += at[1] == ' ' ? 2 : 1;
    }
    const auto begin = static_cast<std::uint32_t>(at - raw.text);
    switch (key.key) {
      case metric:
      case source: {
        if (*at != '"') return event;
        const char* end = string_end(at + 1, safe_end);
        if (end == nullptr) return event;
        const auto size = static_cast<std::uint32_t>(end - at - 1);
        if (size == 0 || size > name_limit) return event;
        (key.key == metric ? raw.metric : raw.source) = RawEvent::Span{begin + 1, size};
        at = end + 1;
        break;
      }
      case value: {
        const Number number = scan_number(at);
        if (number.after == nullptr) return event;
        event.value = number.value;
        raw.value = RawEvent::Span{begin, static_cast<std::uint32_t>(number.after - at)};
        at = number.after;
        break;
      }
      case time: {
        const Time read = scan_time(at, safe_end);
        if (read.after == nullptr) return event;
        event.time = read.value;
        event.timed = true;
        raw.time = RawEvent::Span{begin, static_cast<std::uint32_t>(read.after - at)};
        at = read.after;
        break;
      }
      case tags: {
        if (*at != '{') return event;
        const char* end = tags_end(at + 1, safe_end);
        if (end == nullptr) return event;
        raw.tags = RawEvent::Span{begin + 1, static_cast<std::uint32_t>(end - at - 2)};
        at = end;
        break;
      }
      case none:
        at = skip_unknown(at + 1, safe_end);
        if (at == nullptr) return event;
        break;
    }
    if (*at == ',') {
      at += at[1] == ' ' ? 2 : 1;
      continue;
    }
    if (*at != '}' || (met & (metric | value)) != (metric | value)) return event;
    raw.size = static_cast<std::uint32_t>(at + 1 - raw.text);
    if (raw.size <= RawEvent::most) event.after = at + 1;
    return event;
  }
}

FastPoint match_event(const SeriesCache::Entry& entry, const char* at, const char* safe_end) {
  FastPoint point;
  const char* pattern = entry.bytes();
  const auto same = [&](std::size_t size) {
    if (safe_end - at < static_cast<std::ptrdiff_t>(size) || !same_bytes(at, pattern, size)) return false;
    at += size;
    pattern += size;
    return true;
  };
  const auto take_value = [&] {
    const Number number = scan_number(at);
    if (number.after == nullptr) return false;
    point.value = number.value;
    at = number.after;
    return true;
  };
  const auto take_time = [&] {
    const Time read = scan_time(at, safe_end);
    if (read.after == nullptr) return false;
    point.time = read.value;
    at = read.after;
    return true;
  };
  if (at > safe_end || !same(entry.prefix)) return point;
  if (!(entry.time_first ? take_time() : take_value()) || !same(entry.middle)) return point;
  if (entry.timed && (!(entry.time_first ? take_value() : take_time()) || !same(entry.suffix))) return point;
  point.after = at;
  return point;
}

}  // namespace millrace
