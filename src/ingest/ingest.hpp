#pragma once

#include "base/result.hpp"
#include "base/types.hpp"
#include "catalog/catalog.hpp"
#include "model/event_batch.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Why an event was not accepted. The names (see name()) stand in answers, metrics and docs/errors.md.
enum class Rejection : std::uint8_t {
  not_json,
  not_an_object,
  trailing_content,
  line_too_long,
  too_deep,
  invalid_utf8,
  metric_name_missing,
  metric_name_invalid,
  source_id_invalid,
  value_missing,
  value_not_a_number,
  value_not_finite,
  timestamp_invalid,
  timestamp_in_seconds,
  timestamp_too_old,
  timestamp_in_future,
  tags_invalid,
  too_many_tags,
  series_limit,
  metric_series_limit,
  too_many_events,
  count_  ///< Not a reason: how many there are.
};
[[nodiscard]] std::string_view name(Rejection reason);

struct EventError {
  std::uint64_t line;  ///< 1-based: line of NDJSON, element of an array; 1 for a single object.
  Rejection reason;
  std::string message;  ///< What was wrong, where (byte, field) and what is valid.
};

/// What came of a body. accepted + rejected = events met.
struct Parsed {
  EventBatch batch;  ///< Accepted events; may be empty.
  std::uint64_t rejected = 0;
  std::uint64_t unknown_source = 0;  ///< Accepted without source_id.
  std::vector<EventError> errors;    ///< The first 100.
  std::array<std::uint64_t, static_cast<std::size_t>(Rejection::count_)> by_reason{};
};

struct IngestLimits {
  std::size_t line = 1 << 20;
  std::size_t events = 500'000;
  Duration allowed_lateness{(7LL * 24 - 1) * 3'600'000};
  Duration allowed_ahead{3'600'000};
};

/// Turns bodies into batches. One for each thread: it keeps a cache from the raw bytes of a name to its series id,
/// so the usual event never normalises a name. Not thread-safe; the catalog behind it is.
class EventParser {
 public:
  EventParser(Catalog& catalog, std::uint16_t partitions, IngestLimits limits);
  ~EventParser();
  EventParser(const EventParser&) = delete;
  EventParser& operator=(const EventParser&) = delete;

  /// `body`: one JSON object, an array of them, or NDJSON; decompressed. Fails (`invalid_argument`, message starts
  /// with the code `empty_body`) only when there is nothing in it. Hostile bytes are the normal case.
  Result<Parsed> parse_json(std::string_view body, Millis arrival);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Content-Encoding by its HTTP name: "" or "identity", "gzip", "zstd", "lz4" (frame format).
/// `too_large` as soon as the output passes `limit` (never more than limit + one block in memory),
/// `invalid_argument` for broken or truncated input, `unsupported_version` for another or a second encoding.
[[nodiscard]] Result<std::string> decompress(std::string_view encoding, std::string_view bytes, std::size_t limit);

}  // namespace millrace
