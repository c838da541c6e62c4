#include "model/rfc3339.hpp"

#include <chrono>
#include <cstdint>
#include <cstdlib>

namespace millrace {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::size_t time_at = 11;  // Where HH begins.
constexpr std::size_t fraction_at = 19;

/// The number in `count` digits at `at`, -1 if they are not all digits.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

bool has(std::string_view text, std::size_t at, char c) { return at < text.size() && text[at] == c; }

std::unexpected<Error> wrong(std::string_view what, std::size_t at) {
  std::string message = "RFC 3339 time: ";
  message += what;
  message += " at byte " + std::to_string(at + 1) + "; valid is for example 2026-01-02T03:04:05.678Z or with +01:00";
  return fail(ErrorCode::invalid_argument, std::move(message));
}

void append_padded(std::string& out, std::int64_t value, std::size_t width) {
  const std::string text = std::to_string(value);
  if (text.size() < width) out.append(width - text.size(), '0');
  out += text;
}

}  // namespace

Result<Millis> parse_rfc3339(std::string_view text) {
  const int year = digits(text, 0, 4);
  if (year < 0) return wrong("the year must have four digits", 0);
  const int month = digits(text, 5, 2);
  if (!has(text, 4, '-') || month < 1 || month > 12) return wrong("expected -MM, 01 to 12", 4);
  const int day = digits(text, 8, 2);
  if (!has(text, 7, '-') || day < 1) return wrong("expected -DD", 7);
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return wrong("the month has no such day", 8);
  if (!has(text, 10, 'T') && !has(text, 10, 't')) return wrong("expected T between date and time", 10);
  const int hour = digits(text, time_at, 2);
  if (hour < 0 || hour > 23) return wrong("the hour must be 00 to 23", time_at);
  const int minute = digits(text, 14, 2);
  if (!has(text, 13, ':') || minute < 0 || minute > 59) return wrong("expected :MM, 00 to 59", 13);
  const int second = digits(text, 17, 2);
  if (!has(text, 16, ':') || second < 0 || second > 60) return wrong("expected :SS, 00 to 59", 16);

  std::size_t at = fraction_at;
  int millis = 0;
  if (has(text, at, '.')) {
    ++at;
    std::size_t count = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++count) {
      if (count < 3) millis = millis * 10 + (text[at] - '0');
    }
    if (count == 0 || count > 9) return wrong("a fraction has 1 to 9 digits", fraction_at);
    for (; count < 3; ++count) millis *= 10;
  }

  int offset_minutes = 0;
  if (has(text, at, 'Z') || has(text, at, 'z')) {
    ++at;
  } else if (has(text, at, '+') || has(text, at, '-')) {
    const int zone_hour = digits(text, at + 1, 2);
    const int zone_minute = digits(text, at + 4, 2);
    if (zone_hour < 0 || zone_hour > 23 || !has(text, at + 3, ':') || zone_minute < 0 || zone_minute > 59) {
      return wrong("the zone must be Z, +HH:MM or -HH:MM", at);
    }
    offset_minutes = (zone_hour * 60 + zone_minute) * (text[at] == '-' ? -1 : 1);
    at += 6;
  } else {
    return wrong("the zone is missing (Z, +HH:MM or -HH:MM)", at);
  }
  if (at != text.size()) return wrong("unexpected characters after the zone", at);

  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t whole = days * day_ms + ((hour * 60LL + minute - offset_minutes) * 60 + second) * 1000;
  // 23:59:60 UTC is the following midnight in POSIX time, so a true leap second lands on a day's start.
  if (second == 60 && whole % day_ms != 0) return wrong("second 60 is only valid at 23:59:60 UTC", 17);
  return Millis{whole + millis};
}

std::string format_rfc3339(Millis at) {
  const std::int64_t day_start = align_down(at, Duration{day_ms}).value;
  const std::int64_t in_day = at.value - day_start;
  // Civil date by 400-year eras, in 64 bits: std::chrono::year ends at 32767, Millis does not.
  const std::int64_t z = day_start / day_ms + 719'468;
  const std::int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
  const std::int64_t doe = z - era * 146'097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36'524 - doe / 146'096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  const std::int64_t day = doy - (153 * mp + 2) / 5 + 1;
  const std::int64_t month = mp < 10 ? mp + 3 : mp - 9;
  const std::int64_t year = yoe + era * 400 + (month <= 2 ? 1 : 0);

  std::string out;
  out.reserve(24);
  if (year < 0 || year > 9999) {
    out += year < 0 ? '-' : '+';
    append_padded(out, year < 0 ? -year : year, 6);
  } else {
    append_padded(out, year, 4);
  }
  out += '-';
  append_padded(out, month, 2);
  out += '-';
  append_padded(out, day, 2);
  out += 'T';
  append_padded(out, in_day / 3'600'000, 2);
  out += ':';
  append_padded(out, in_day / 60'000 % 60, 2);
  out += ':';
  append_padded(out, in_day / 1000 % 60, 2);
  out += '.';
  append_padded(out, in_day % 1000, 3);
  out += 'Z';
  return out;
}

}  // namespace millrace
