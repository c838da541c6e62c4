#include "ingest/json_cursor.hpp"

#include "ingest/names.hpp"

#include <fmt/format.h>

namespace millrace {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::unexpected<Refusal> refuse(Rejection reason, std::string message) {
  return std::unexpected<Refusal>(Refusal{reason, std::move(message)});
}

}  // namespace

std::string_view noun(JsonCursor::Kind kind) {
  switch (kind) {
    case JsonCursor::Kind::null: return "null";
    case JsonCursor::Kind::boolean: return "true or false";
    case JsonCursor::Kind::number: return "a number";
    case JsonCursor::Kind::string: return "a string";
    case JsonCursor::Kind::array: return "an array";
    case JsonCursor::Kind::object: return "an object";
  }
  return "nothing";
}

void JsonCursor::open(std::string_view text) {
  text_ = text;
  at_ = 0;
  arena_.clear();
}

void JsonCursor::skip_space() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n')) {
    ++at_;
  }
}

bool JsonCursor::take(char c) {
  if (at_end() || text_[at_] != c) return false;
  ++at_;
  return true;
}

bool JsonCursor::take_word(std::string_view word) {
  if (!rest().starts_with(word)) return false;
  const std::string_view behind = rest().substr(word.size());
  if (!behind.empty() && std::string_view(" \t\r\n,}]").find(behind[0]) == std::string_view::npos) return false;
  at_ += word.size();
  return true;
}

std::unexpected<Refusal> JsonCursor::unexpected(std::string_view expected) const {
  if (at_end()) {
    return refuse(Rejection::not_json, fmt::format("byte {}: the text ends; expected {}", at_ + 1, expected));
  }
  std::string_view hint;
  if (text_[at_] == '/' || text_[at_] == '#') hint = " (JSON has no comments)";
  if (text_[at_] == '\'') hint = " (JSON strings stand in double quotes)";
  std::size_t end = at_ + 1;
  while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
  return refuse(Rejection::not_json, fmt::format("byte {}: expected {}, found {}{}", at_ + 1, expected,
                                                 shown(text_.substr(at_, end - at_)), hint));
}

Read<JsonCursor::Kind> JsonCursor::kind() const {
  if (at_end()) return unexpected("a value");
  switch (text_[at_]) {
    case '"': return Kind::string;
    case '{': return Kind::object;
    case '[': return Kind::array;
    case 'n': return Kind::null;
    case 't':
    case 'f': return Kind::boolean;
    default: break;
  }
  if (text_[at_] == '-' || is_digit(text_[at_])) return Kind::number;
  return unexpected("a value");
}

Read<JsonCursor::Text> JsonCursor::string() {
  if (!take('"')) return unexpected("a string in double quotes");
  const std::size_t begin = arena_.size();
  for (;;) {
    const std::size_t from = at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
           static_cast<unsigned char>(text_[at_]) >= 0x20) {
      ++at_;
    }
    arena_.append(text_.substr(from, at_ - from));
    if (take('"')) break;
    if (at_end()) return unexpected("the string's closing quote");
    if (text_[at_] != '\\') {
      return refuse(Rejection::not_json,
                    fmt::format("byte {}: a control character must be escaped in a string, as \\u{:04x}", at_ + 1,
                                static_cast<unsigned char>(text_[at_])));
    }
    if (auto done = escape(); !done) return std::unexpected(std::move(done).error());
  }
  return Text{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(arena_.size() - begin)};
}

Read<void> JsonCursor::escape() {
  ++at_;  // The backslash.
  constexpr std::string_view letters = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  if (at_end()) return unexpected("an escaped character");
  if (const std::size_t known = letters.find(text_[at_]); known != std::string_view::npos) {
    arena_ += meanings[known];
    ++at_;
    return {};
  }
  if (text_[at_] != 'u') return unexpected("one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
  const std::size_t begin = at_;
  ++at_;
  const auto first = four_hex();
  if (!first) return std::unexpected(first.error());
  if (*first < 0xD800 || *first > 0xDFFF) {
    append(*first);
    return {};
  }
  if (*first <= 0xDBFF && rest().starts_with("\\u")) {
    at_ += 2;
    const auto second = four_hex();
    if (!second) return std::unexpected(second.error());
    if (*second >= 0xDC00 && *second <= 0xDFFF) {
      append(0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00));
      return {};
    }
  }
  return refuse(
      Rejection::invalid_utf8,
      fmt::format("byte {}: half a surrogate pair; \\uD800 to \\uDBFF must be followed by \\uDC00 to \\uDFFF", begin));
}

Read<unsigned> JsonCursor::four_hex() {
  unsigned code = 0;
  for (unsigned i = 0; i < 4; ++i, ++at_) {
    const char c = at_end() ? '\0' : text_[at_];
    unsigned digit = 0;
    if (is_digit(c)) {
      digit = static_cast<unsigned>(c - '0');
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      digit = static_cast<unsigned>((c | 0x20) - 'a' + 10);
    } else {
      return unexpected("four hexadecimal digits");
    }
    code = code << 4 | digit;
  }
  return code;
}

void JsonCursor::append(unsigned code) {
  const auto put = [this](unsigned byte) { arena_ += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

Read<std::string_view> JsonCursor::number() {
  const std::size_t begin = at_;
  const auto digits = [this] {
    const std::size_t from = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ - from;
  };
  take('-');
  const bool zero = !at_end() && text_[at_] == '0';
  const std::size_t whole = digits();
  if (whole == 0) return unexpected("a digit");
  if (zero && whole > 1) {
    return refuse(Rejection::not_json, fmt::format("byte {}: a JSON number has no leading zeros", begin + 1));
  }
  if (take('.') && digits() == 0) return unexpected("a digit after the point");
  if (take('e') || take('E')) {
    if (!take('-')) take('+');
    if (digits() == 0) return unexpected("a digit of the exponent");
  }
  return text_.substr(begin, at_ - begin);
}

Read<void> JsonCursor::skip(unsigned depth) {
  const auto what = kind();
  if (!what) return std::unexpected(what.error());
  switch (*what) {
    case Kind::null:
      if (!take_word("null")) return unexpected("null");
      return {};
    case Kind::boolean:
      if (!take_word("true") && !take_word("false")) return unexpected("true or false");
      return {};
    case Kind::number: {
      if (auto read = number(); !read) return std::unexpected(std::move(read).error());
      return {};
    }
    case Kind::string: {
      const std::size_t kept = arena_.size();
      if (auto read = string(); !read) return std::unexpected(std::move(read).error());
      arena_.resize(kept);
      return {};
    }
    case Kind::array:
    case Kind::object: break;
  }
  if (depth >= max_depth) {
    return refuse(Rejection::too_deep,
                  fmt::format("byte {}: more than {} objects and arrays in each other", at_ + 1, max_depth));
  }
  const bool object = *what == Kind::object;
  const char close = object ? '}' : ']';
  ++at_;
  skip_space();
  if (take(close)) return {};
  for (;;) {
    if (object) {
      const std::size_t kept = arena_.size();
      if (auto key = string(); !key) return std::unexpected(std::move(key).error());
      arena_.resize(kept);
      skip_space();
      if (!take(':')) return unexpected("a colon after the key");
      skip_space();
    }
    if (auto done = skip(depth + 1); !done) return done;
    skip_space();
    if (take(close)) return {};
    if (!take(',')) return unexpected(object ? "a comma or }" : "a comma or ]");
    skip_space();
  }
}

}  // namespace millrace
