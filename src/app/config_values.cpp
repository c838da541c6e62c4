#include "app/config.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace millrace {
namespace {

struct Suffix {
  std::string_view text;
  double factor;
};

/// A non-negative decimal number and one of the suffixes.
Result<double> with_suffix(std::string_view text, std::span<const Suffix> suffixes, std::string_view valid) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error == std::errc{} && number >= 0) {
    const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
    for (const Suffix& suffix : suffixes) {
      if (rest == suffix.text) return number * suffix.factor;
    }
  }
  return fail(ErrorCode::invalid_argument, fmt::format("'{}' is not valid here: write {}", text, valid));
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  static constexpr std::array<Suffix, 6> units{
      {{"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}, {"y", 365 * 8.64e7}}};
  const auto ms = with_suffix(text, units, "a duration such as 250ms, 10s, 5m, 24h, 7d or 5y");
  if (!ms) return fail(ms.error());
  if (*ms > 1e14) return fail(ErrorCode::invalid_argument, fmt::format("'{}' is longer than 3,000 years", text));
  return Duration{std::llround(*ms)};
}

Result<std::uint64_t> parse_size(std::string_view text) {
  static constexpr std::array<Suffix, 9> units{{{"", 1},
                                                {"B", 1},
                                                {"KB", 1e3},
                                                {"MB", 1e6},
                                                {"GB", 1e9},
                                                {"TB", 1e12},
                                                {"KiB", 1024},
                                                {"MiB", 1048576},
                                                {"GiB", 1073741824}}};
  const auto bytes = with_suffix(text, units, "a size such as 65536, 64KB, 32MiB or 10GB");
  if (!bytes) return fail(bytes.error());
  if (*bytes > 1e18) return fail(ErrorCode::invalid_argument, fmt::format("'{}' is over 1,000,000 TB", text));
  return static_cast<std::uint64_t>(std::llround(*bytes));
}

Result<HostPort> parse_host_port(std::string_view text) {
  const auto wrong = [text] {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}' is not an address: write HOST:PORT such as 127.0.0.1:8080 or [::1]:8080 (port 0: any "
                            "free one)",
                            text));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong();
  }
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || host.empty()) return wrong();
  return HostPort{std::string(host), port};
}

}  // namespace millrace
