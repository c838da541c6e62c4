#pragma once

#include "base/result.hpp"
#include "base/types.hpp"
#include "catalog/catalog.hpp"
#include "ingest/rejection.hpp"
#include "model/event_batch.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// One refused event, for the answer to whoever sent it.
struct EventError {
  std::uint64_t line;  ///< 1-based: line of NDJSON, element of an array; 1 for a single object.
  Rejection reason;
  std::string message;  ///< What was wrong, where (byte from 1 in the line or element, field) and what is valid.
};

/// What came of a body. accepted + rejected = events met.
struct Parsed {
  EventBatch batch;  ///< Accepted events; may be empty.
  std::uint64_t rejected = 0;
  std::uint64_t unknown_source = 0;  ///< Accepted without source_id.
  std::vector<EventError> errors;    ///< The first 100.
  std::array<std::uint64_t, static_cast<std::size_t>(Rejection::count_)> by_reason{};
};

/// Bounds of one body, and how far an event may be from its arrival.
struct IngestLimits {
  std::size_t line = 1 << 20;    ///< Bytes of one line, element or single object.
  std::size_t events = 500'000;  ///< Events met in one body; those beyond are rejected.
  Duration allowed_lateness{(7LL * 24 - 1) * 3'600'000};
  Duration allowed_ahead{3'600'000};
};

/// Turns bodies into batches. One for each thread: it keeps a cache from the raw bytes of a name to its series id,
/// so the usual event never normalises a name. Not thread-safe; the catalog behind it is.
class EventParser {
 public:
  /// Whether the scanner for the usual shape may answer. Both paths agree; `strict_only` is there to prove it.
  enum class Path { fast_then_strict, strict_only };

  EventParser(Catalog& catalog, std::uint16_t partitions, IngestLimits limits, Path path = Path::fast_then_strict);
  ~EventParser();
  EventParser(const EventParser&) = delete;
  EventParser& operator=(const EventParser&) = delete;

  /// `body`: one JSON object, an array of them, or NDJSON; decompressed. Fails (`invalid_argument`, message starts
  /// with the code `empty_body`) only when there is nothing in it. Hostile bytes are the normal case.
  /// A null field counts as absent. A broken element of an array ends the reading where its end can't be told.
  Result<Parsed> parse_json(std::string_view body, Millis arrival);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
