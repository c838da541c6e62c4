#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// One event of a file: its line of NDJSON, and its time if that was read.
struct InputEvent {
  std::string_view line;  ///< Without line break.
  std::optional<Millis> time;
};

/// Reads events from NDJSON or CSV, told apart by the first character that is no blank.
///
/// NDJSON lines pass as they are: the server judges them. CSV records become lines; a bad one goes to `bad` with its
/// line number and costs only itself. With `times`, each NDJSON line's timestamp is read too.
class EventInput {
 public:
  using Sink = std::function<void(const InputEvent&)>;
  using Bad = std::function<void(std::uint64_t line, const std::string& message)>;

  EventInput(std::istream& in, bool times) : in_(in), times_(times) {}

  /// Reads to the end; an error for a file that can't be read at all (no header, no events in it).
  Result<void> read(const Sink& sink, const Bad& bad);

 private:
  Result<void> read_csv(std::string first, const Sink& sink, const Bad& bad);
  void read_ndjson(std::string first, const Sink& sink);

  std::istream& in_;
  bool times_;
};

/// The `timestamp` of an NDJSON event; nullopt if it is absent or not valid.
[[nodiscard]] std::optional<Millis> event_time(std::string_view line);

/// The same event with another timestamp (ms), everything else as it was; nullopt if the line is no JSON object.
[[nodiscard]] std::optional<std::string> with_time(std::string_view line, Millis time);

}  // namespace millrace
