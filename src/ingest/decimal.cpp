#include "ingest/decimal.hpp"

#include <charconv>
#include <cmath>

namespace millrace {

Decimal::Decimal(std::string_view token) : token_(token) {
  std::size_t at = 0;
  if (!token.empty() && token[0] == '-') {
    negative_ = true;
    ++at;
  }
  bool behind_point = false;
  for (; at < token.size() && token[at] != 'e' && token[at] != 'E'; ++at) {
    if (token[at] == '.') {
      behind_point = true;
      continue;
    }
    if (behind_point) ++fraction_;
    zeros_ = token[at] == '0' ? zeros_ + 1 : 0;
    if (digits_ > 0 || token[at] != '0') ++digits_;
  }
  if (digits_ == 0) zeros_ = 0;
  if (at >= token.size()) return;
  ++at;
  const bool minus = token[at] == '-';
  if (token[at] == '-' || token[at] == '+') ++at;
  constexpr std::int64_t far = 1'000'000'000;  // Beyond any line's length, so zeros can't make up for it.
  std::int64_t exponent = 0;
  for (; at < token.size(); ++at) {
    if (exponent < far) exponent = exponent * 10 + (token[at] - '0');
  }
  fraction_ -= minus ? -exponent : exponent;
}

std::optional<double> Decimal::to_double() const {
  const double zero = negative_ ? -0.0 : 0.0;
  if (digits_ == 0) return zero;
  double value = 0;
  const auto [end, error] = std::from_chars(token_.data(), token_.data() + token_.size(), value);
  if (error == std::errc{} && std::isfinite(value)) return value;
  // Out of range is both too large and too small; the place of the first digit tells which.
  if (digits_ - fraction_ > 0) return std::nullopt;
  return zero;
}

std::optional<std::int64_t> Decimal::to_whole() const {
  constexpr std::int64_t most = 1'000'000'000'000'000'000;
  if (digits_ == 0) return 0;
  if (fraction_ > zeros_) return std::nullopt;
  const std::int64_t places = digits_ - fraction_;
  if (places > 18) return negative_ ? -most : most;
  std::int64_t value = 0;
  std::int64_t taken = 0;
  bool begun = false;
  for (const char c : token_) {
    if (c == 'e' || c == 'E' || taken == places) break;
    if (c < '0' || c > '9') continue;
    begun = begun || c != '0';
    if (!begun) continue;
    value = value * 10 + (c - '0');
    ++taken;
  }
  for (; taken < places; ++taken) value *= 10;
  return negative_ ? -value : value;
}

}  // namespace millrace
