#pragma once

#include "ingest/rejection.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace millrace {

/// Why an event is refused, without its line.
struct Refusal {
  Rejection reason;
  std::string message;
};

/// Something read from an event, or why the event is refused.
template <class T>
using Read = std::expected<T, Refusal>;

/// Walks one JSON text in valid UTF-8, strictly by RFC 8259, and names the byte where it is not JSON.
/// Strings that must be kept are unescaped into an arena that lives as long as the cursor.
class JsonCursor {
 public:
  static constexpr unsigned max_depth = 64;

  enum class Kind { null, boolean, number, string, array, object };
  /// Bytes in the arena.
  struct Text {
    std::uint32_t at = 0;
    std::uint32_t size = 0;
  };

  /// Starts on another text; keeps the arena's memory.
  void open(std::string_view text);
  [[nodiscard]] std::string_view view(Text text) const { return std::string_view(arena_).substr(text.at, text.size); }

  [[nodiscard]] std::size_t position() const { return at_; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  void skip_space();
  /// Steps over `c` if it stands here.
  bool take(char c);
  /// Steps over `word` if it stands here as a whole value.
  bool take_word(std::string_view word);

  /// What kind of value begins here; `not_json` if none does.
  [[nodiscard]] Read<Kind> kind() const;
  /// A string, unescaped into the arena. Half surrogate pairs are `invalid_utf8`.
  Read<Text> string();
  /// The bytes of a number.
  Read<std::string_view> number();
  /// Steps over a value of any kind, checking all of it; `depth` objects and arrays are open around it.
  Read<void> skip(unsigned depth);

  /// A refusal that says what was expected and what stands here.
  [[nodiscard]] std::unexpected<Refusal> unexpected(std::string_view expected) const;

 private:
  Read<void> escape();
  Read<unsigned> four_hex();
  void append(unsigned code_point);

  std::string_view text_;
  std::size_t at_ = 0;
  std::string arena_;
};

/// "a number", "an object": for messages.
[[nodiscard]] std::string_view noun(JsonCursor::Kind kind);

}  // namespace millrace
