#include "net/target.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace millrace::net {
namespace {

std::unexpected<Refusal> refuse(std::string message) {
  return std::unexpected<Refusal>(Refusal{400, "bad_target", std::move(message)});
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

std::expected<std::string, Refusal> read_path(std::string_view raw) {
  std::string path;
  while (!raw.empty()) {  // raw starts with '/'
    const std::size_t slash = raw.find('/', 1);
    const auto segment = percent_decode(raw.substr(1, slash == std::string_view::npos ? slash : slash - 1), false);
    if (!segment) return refuse("A '%' in the path is not followed by two hex digits.");
    if (has_control(*segment)) return refuse("The path holds an encoded control character.");
    if (segment->find_first_of("/\\") != std::string::npos) {
      return refuse("The path holds an encoded slash, or a backslash.");
    }
    if (*segment == "." || *segment == "..") return refuse("The path holds dot segments.");
    path += '/';
    path += *segment;
    raw = slash == std::string_view::npos ? std::string_view{} : raw.substr(slash);
  }
  if (!is_utf8(path)) return refuse("The path is not UTF-8.");
  return path;
}

std::optional<Refusal> read_query(std::string_view raw, Target& target) {
  while (!raw.empty()) {
    const std::size_t amp = raw.find('&');
    const std::string_view pair = raw.substr(0, amp);
    raw = amp == std::string_view::npos ? std::string_view{} : raw.substr(amp + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals), true);
    auto value = percent_decode(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1), true);
    if (!name || !value) return Refusal{400, "bad_target", "A '%' in the query is not followed by two hex digits."};
    if (name->find('\0') != std::string::npos || value->find('\0') != std::string::npos) {
      return Refusal{400, "bad_target", "The query holds a NUL."};
    }
    if (!is_utf8(*name) || !is_utf8(*value)) return Refusal{400, "bad_target", "The query is not UTF-8."};
    target.query.emplace_back(*std::move(name), *std::move(value));
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex(text[i + 1]);
      const int low = hex(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_blank && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::expected<Target, Refusal> read_target(std::string_view raw) {
  Target target;
  if (raw == "*") {
    target.path = "*";
    return target;
  }
  if (!raw.starts_with('/')) {
    const std::size_t scheme = raw.find("://");
    if (scheme == std::string_view::npos || (!equals_ignoring_case(raw.substr(0, scheme), "http") &&
                                             !equals_ignoring_case(raw.substr(0, scheme), "https"))) {
      return refuse("The request target must be a path that starts with '/', or an http URL.");
    }
    raw.remove_prefix(scheme + 3);
    const std::size_t end = std::min(raw.find_first_of("/?"), raw.size());
    target.authority = std::string(raw.substr(0, end));
    const bool clean = !target.authority.empty() && std::ranges::all_of(target.authority, [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             std::string_view(".-_:[]%").find(c) != std::string_view::npos;
    });
    if (!clean) return refuse("The URL's host is not a host.");
    raw.remove_prefix(end);
  }
  const std::size_t mark = raw.find('?');
  const std::string_view path = raw.substr(0, mark);
  auto decoded = read_path(path.empty() ? std::string_view("/") : path);
  if (!decoded) return std::unexpected(std::move(decoded.error()));
  target.path = *std::move(decoded);
  if (mark != std::string_view::npos) {
    if (auto refusal = read_query(raw.substr(mark + 1), target)) return std::unexpected(*std::move(refusal));
  }
  return target;
}

bool is_utf8(std::string_view bytes) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* const end = at + bytes.size();
  const auto follows = [&](int n) {
    if (end - at <= n) return false;
    for (int i = 1; i <= n; ++i) {
      if ((at[i] & 0xC0) != 0x80) return false;
    }
    return true;
  };
  while (at < end) {
    if (end - at >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, at, 8);
      if ((word & 0x8080808080808080ULL) == 0) {
        at += 8;
        continue;
      }
    }
    if (*at < 0x80) {
      at += 1;
    } else if (*at >= 0xC2 && *at <= 0xDF) {
      if (!follows(1)) return false;
      at += 2;
    } else if (*at >= 0xE0 && *at <= 0xEF) {
      if (!follows(2) || (*at == 0xE0 && at[1] < 0xA0) || (*at == 0xED && at[1] > 0x9F)) return false;
      at += 3;
    } else if (*at >= 0xF0 && *at <= 0xF4) {
      if (!follows(3) || (*at == 0xF0 && at[1] < 0x90) || (*at == 0xF4 && at[1] > 0x8F)) return false;
      at += 4;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace millrace::net
