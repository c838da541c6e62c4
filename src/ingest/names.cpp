#include "ingest/names.hpp"

#include <fmt/format.h>

namespace millrace {
namespace {

/// Where the first control character begins; npos if there is none.
std::size_t control_at(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7F) return i;
    if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) return i;
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<std::string> name_fault(std::string_view text, std::size_t most, bool may_be_empty) {
  if (text.empty() && !may_be_empty) return fmt::format("it is empty; valid are 1 to {} bytes", most);
  if (text.size() > most) {
    return fmt::format("it has {} bytes; valid are {} to {}", text.size(), may_be_empty ? 0 : 1, most);
  }
  const std::size_t at = control_at(text);
  if (at == std::string_view::npos) return std::nullopt;
  const auto lead = static_cast<unsigned char>(text[at]);
  const unsigned code = lead == 0xC2 ? static_cast<unsigned char>(text[at + 1]) : lead;
  return fmt::format("its byte {} is the control character U+{:04X}; valid is text without control characters", at + 1,
                     code);
}

std::string shown(std::string_view text) {
  constexpr std::size_t most = 40;
  std::string out = "\"";
  std::size_t end = text.size();
  if (end > most) {
    end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  }
  for (const char c : text.substr(0, end)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  out += end < text.size() ? "…\"" : "\"";
  return out;
}

}  // namespace millrace
