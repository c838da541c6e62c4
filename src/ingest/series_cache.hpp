#pragma once

#include "base/types.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace millrace {

/// The raw bytes of an event of the usual shape, and where in them its parts stand. 16 bytes behind it are readable.
struct RawEvent {
  static constexpr std::uint32_t most = 65'000;  ///< Bytes that one may have.

  struct Span {
    std::uint32_t at = 0;
    std::uint32_t size = 0;  ///< 0: absent.
  };
  const char* text = nullptr;  ///< From brace to brace.
  std::uint32_t size = 0;
  Span metric;  ///< Without quotes, at most 200 bytes, as source.
  Span source;
  Span tags;   ///< Between the braces.
  Span value;  ///< Always present.
  Span time;
};

/// Raw bytes of a name -> series and partition, for one thread. Bounded: when it is full it starts afresh, since a
/// miss costs only a look into the catalog. Bytes are compared, the hash (seeded) only finds the place.
///
/// Producers send their series in the same order again and again, and spell them alike. So an entry keeps the whole
/// text that it was first met in, without value and timestamp, and which entry was met after it: guess() names that
/// one, and who finds the same text need neither split nor hash it.
class SeriesCache {
 public:
  struct Limits {
    std::size_t entries = 1'000'000;
    std::size_t bytes = 256U << 20;
  };
  /// A known name. Its text without the cuts (value and timestamp) follows it: prefix, middle, suffix.
  struct Entry {
    std::uint64_t hash;
    SeriesId series;
    std::uint32_t minute;  ///< Of the last Catalog::touch.
    std::uint32_t next;    ///< The entry met after this one; 0: none.
    PartitionId partition;
    std::uint16_t prefix, middle, suffix;
    std::uint16_t metric_at, source_at, tags_at, tags_size;
    std::uint8_t metric_size, source_size;
    bool timed;       ///< There are two cuts; else the value's alone, and no suffix.
    bool time_first;  ///< The timestamp's cut comes before the value's.

    [[nodiscard]] const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  };

  SeriesCache();
  explicit SeriesCache(Limits limits);

  /// The entry that followed the one met last; nullptr if none is known, or if guessing has not paid lately.
  [[nodiscard]] Entry* guess();
  /// nullptr for a name not known. Pointers hold until the next insert.
  [[nodiscard]] Entry* find(const RawEvent& event);
  /// Adds a name that find did not find, and notes it as met.
  void insert(const RawEvent& event, SeriesId series, PartitionId partition, std::uint32_t minute);
  /// Notes that the guess was right.
  void met_guess() {
    last_ = guess_;
    doubt_ = 0;
  }
  /// Notes that what find() answered came instead; it will be guessed at this place the next time.
  void met_found();

  [[nodiscard]] std::size_t size() const { return entries_; }
  [[nodiscard]] std::size_t memory() const;

 private:
  /// Where an entry lies: units of 16 bytes; the upper bits name the block. 0 is none.
  struct Place {
    std::uint32_t tag = 0;
    std::uint32_t unit = 0;
  };
  [[nodiscard]] std::uint64_t hash(const RawEvent& event) const;
  [[nodiscard]] Entry* entry(std::uint32_t unit) const;
  [[nodiscard]] std::uint32_t allot(std::size_t bytes);
  void grow();
  void clear();

  Limits limits_;
  std::uint64_t seed_;
  std::vector<Place> places_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::uint32_t next_unit_ = 1;
  std::uint32_t last_ = 0;   ///< The entry met last; 0: none.
  std::uint32_t guess_ = 0;  ///< What guess() answered.
  std::uint32_t found_ = 0;  ///< What find() answered.
  std::uint32_t doubt_ = 0;  ///< Events since a guess was right.
  std::size_t entries_ = 0;
};

}  // namespace millrace
