#pragma once

#include "base/types.hpp"
#include "ingest/json_cursor.hpp"
#include "model/series.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace millrace {

/// Which event times are taken, seen from the arrival; both bounds are included.
struct TimeBounds {
  Millis oldest;
  Millis newest;
};

/// An event that keeps every rule but the catalog's limits.
struct StrictEvent {
  SeriesKey key;
  bool has_source = false;
  double value = 0;
  std::optional<Millis> time;  ///< Nothing: it takes the arrival's.
};

/// Reads one event by every rule there is, and says exactly what breaks one. Keeps its buffers from event to event.
class StrictReader {
 public:
  /// `text`: one line or array element in valid UTF-8; spaces around the object are allowed.
  [[nodiscard]] Read<StrictEvent> read(std::string_view text, TimeBounds bounds);

 private:
  using Kind = JsonCursor::Kind;
  /// A field as it came: judged only when the whole text has proved to be JSON, and the last of equal keys is known.
  struct Field {
    std::optional<Kind> kind;  ///< Nothing: absent. null counts as absent too.
    bool not_finite = false;   ///< NaN or an infinity, written as no JSON is.
    std::size_t at = 0;
    JsonCursor::Text text;    ///< Of a string.
    std::string_view number;  ///< Of a number.

    [[nodiscard]] bool absent() const { return !kind || *kind == Kind::null; }
  };
  struct Tag {
    JsonCursor::Text key;
    Field value;
  };

  Read<void> read_object();
  [[nodiscard]] Field* field_of(std::string_view key);
  Read<void> read_field(std::string_view key);
  Read<Field> read_value(unsigned depth);
  Read<void> read_tags();
  [[nodiscard]] Read<std::string_view> judge_name(const Field& field, std::string_view label, Rejection reason) const;
  [[nodiscard]] Read<double> judge_value() const;
  [[nodiscard]] Read<std::optional<Millis>> judge_time(TimeBounds bounds) const;
  [[nodiscard]] Read<Tags> judge_tags();

  JsonCursor cursor_;
  Field metric_name_, name_, source_, value_, time_, tags_;
  std::vector<Tag> tag_list_;
};

}  // namespace millrace
