#include "ingest/event_parser.hpp"

#include <bit>
#include <cstdlib>

namespace {

using namespace millrace;

void require(bool holds) {
  if (!holds) std::abort();
}

bool same_bits(const Section& a, const Section& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::bit_cast<std::uint64_t>(a.value[i]) != std::bit_cast<std::uint64_t>(b.value[i])) return false;
  }
  return true;
}

void require_equal(const Parsed& fast, const Parsed& strict) {
  require(fast.batch == strict.batch);
  for (std::size_t i = 0; i < fast.batch.sections.size(); ++i) {
    require(same_bits(fast.batch.sections[i], strict.batch.sections[i]));
  }
  require(fast.rejected == strict.rejected && fast.unknown_source == strict.unknown_source);
  require(fast.by_reason == strict.by_reason && fast.errors.size() == strict.errors.size());
  for (std::size_t i = 0; i < fast.errors.size(); ++i) {
    require(fast.errors[i].line == strict.errors[i].line && fast.errors[i].message == strict.errors[i].message);
  }
}

}  // namespace

/// Any bytes: no crash, both paths agree, later readings (names cached, then guessed) give the same, counts add up.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  constexpr Millis arrival{1'795'000'000'000};
  const IngestLimits limits{.line = 2000, .events = 40};
  const SeriesLimits series{.per_metric = 5, .all = 12};
  Catalog fast_catalog(series);
  Catalog strict_catalog(series);
  EventParser fast(fast_catalog, 4, limits);
  EventParser strict(strict_catalog, 4, limits, EventParser::Path::strict_only);
  for (int round = 0; round < 3; ++round) {
    const auto a = fast.parse_json(body, arrival);
    const auto b = strict.parse_json(body, arrival);
    require(a.has_value() == b.has_value());
    if (!a) return 0;
    require_equal(*a, *b);
    std::uint64_t reasons = 0;
    for (const std::uint64_t count : a->by_reason) reasons += count;
    require(reasons == a->rejected);
    require(a->errors.size() == std::min<std::uint64_t>(a->rejected, 100));
    require(a->batch.size() <= limits.events);
    for (const Section& section : a->batch.sections) {
      require(section.size() > 0 && section.time.size() == section.size() && section.value.size() == section.size());
    }
  }
  return 0;
}
