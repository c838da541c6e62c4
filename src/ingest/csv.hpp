#pragma once

#include "base/function_ref.hpp"
#include "base/types.hpp"
#include "ingest/event_json.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

/// A record of a CSV file that is no event.
struct CsvError {
  std::uint64_t line;   ///< 1-based: where the record begins.
  std::string message;  ///< What was wrong, in which column, and what is valid.
};

/// Reads events from CSV, fed piece by piece: a header with metric_name and value, and if wanted source_id and
/// timestamp, in any order; every further column is a tag. RFC 4180: fields in quotes may hold commas, quotes (doubled)
/// and line ends; lines end with LF or CRLF; a BOM at the start is stepped over, blank lines are skipped.
/// An empty source_id, timestamp or tag is an absent one. Timestamps: whole ms, or RFC 3339 with zone.
/// One bad record costs only itself; after a bad header nothing more is read.
class CsvReader {
 public:
  static constexpr std::size_t max_record_bytes = 1U << 20;

  /// An event, valid during the call alone, or why a record is none; `line` is where it begins.
  using Record = std::expected<EventText, CsvError>;
  using Sink = FunctionRef<void(const Record& record, std::uint64_t line)>;

  /// Reads on; calls `sink` for each record that is complete.
  void feed(std::string_view bytes, Sink sink);
  /// The input is over: the last line needs no line end.
  void finish(Sink sink);
  /// The header was of no use: an error has been given, and nothing more is read.
  [[nodiscard]] bool failed() const { return state_ == State::failed; }

 private:
  enum class State : std::uint8_t { field_begin, plain, quoted, quote_met, skipping, failed };
  /// Where a spoiled record ends: at the next line end, or at the next one outside of quotes.
  enum class Resume : std::uint8_t { at_line_end, out_of_quotes, in_quotes };
  enum class Role : std::uint8_t { metric, source, time, value, tag };
  struct Column {
    Role role;
    std::string name;
  };

  void step(char c, Sink sink);
  void end_field();
  void end_record(Sink sink);
  void spoil(std::string message, Resume resume);
  void read_header(Sink sink);
  [[nodiscard]] Record read_event();
  [[nodiscard]] std::string_view field(std::size_t index) const;

  State state_ = State::field_begin;
  Resume resume_ = Resume::at_line_end;
  std::uint64_t line_ = 1;
  std::uint64_t record_line_ = 1;
  unsigned mark_ = 0;              ///< Bytes of the BOM met so far; 3: looked for and done.
  std::string text_;               ///< The record's fields, unescaped, one after another.
  std::vector<std::size_t> ends_;  ///< Of each field in text_.
  std::string fault_;
  std::vector<Column> columns_;
  std::vector<std::pair<std::string_view, std::string_view>> tags_;
};

/// Appends a field, in quotes where RFC 4180 wants them.
void append_csv_field(std::string& out, std::string_view text);

}  // namespace millrace
