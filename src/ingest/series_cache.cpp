#include "ingest/series_cache.hpp"

#include "ingest/wide_bytes.hpp"

#include <cstring>
#include <new>
#include <random>

namespace millrace {
namespace {

constexpr std::size_t unit_bytes = 16;
constexpr std::uint32_t block_units = 1U << 16;  // 1 MB a block.
constexpr std::size_t first_places = 1U << 12;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// Bytes beyond `size` count as zero; 16 of them are readable.
std::uint64_t mix_span(std::uint64_t state, const char* bytes, std::size_t size) {
  state ^= size * 0x9E3779B97F4A7C15ULL;
  while (size > 16) {
    state = mix(load64(bytes) ^ 0xA0761D6478BD642FULL, load64(bytes + 8) ^ state);
    bytes += 16;
    size -= 16;
  }
  const std::uint64_t low = first_bytes(load64(bytes), size);
  const std::uint64_t high = first_bytes(load64(bytes + 8), size > 8 ? size - 8 : 0);
  return mix(low ^ 0xE7037ED1A0B428DBULL, high ^ state);
}

}  // namespace

SeriesCache::SeriesCache() : SeriesCache(Limits{}) {}

SeriesCache::SeriesCache(Limits limits) : limits_(limits), places_(first_places) {
  // Seeded, so that nobody can prepare names that all fall on one place.
  std::random_device random;
  seed_ = (static_cast<std::uint64_t>(random()) << 32) | random();
}

std::uint64_t SeriesCache::hash(const RawEvent& event) const {
  std::uint64_t state = mix_span(seed_, event.text + event.metric.at, event.metric.size);
  state = mix_span(state, event.text + event.source.at, event.source.size);
  return mix_span(state, event.text + event.tags.at, event.tags.size);
}

SeriesCache::Entry* SeriesCache::entry(std::uint32_t unit) const {
  char* at = blocks_[unit / block_units].get() + static_cast<std::size_t>(unit % block_units) * unit_bytes;
  return std::launder(reinterpret_cast<Entry*>(at));
}

SeriesCache::Entry* SeriesCache::guess() {
  // A wrong guess costs a cache line that nobody needs, so after some in a row it is only tried now and then.
  constexpr std::uint32_t patience = 16;
  constexpr std::uint32_t retry_mask = 31;
  if (last_ == 0 || (++doubt_ > patience && (doubt_ & retry_mask) != 0)) return nullptr;
  guess_ = entry(last_)->next;
  return guess_ == 0 ? nullptr : entry(guess_);
}

SeriesCache::Entry* SeriesCache::find(const RawEvent& event) {
  const std::uint64_t wanted = hash(event);
  const std::size_t mask = places_.size() - 1;
  const auto tag = static_cast<std::uint32_t>(wanted >> 32);
  for (std::size_t i = wanted & mask;; i = (i + 1) & mask) {
    const Place place = places_[i];
    if (place.unit == 0) return nullptr;
    if (place.tag != tag) continue;
    Entry* known = entry(place.unit);
    if (known->metric_size != event.metric.size || known->source_size != event.source.size ||
        known->tags_size != event.tags.size) {
      continue;
    }
    const char* bytes = known->bytes();
    if (same_bytes(bytes + known->metric_at, event.text + event.metric.at, event.metric.size) &&
        same_bytes(bytes + known->source_at, event.text + event.source.at, event.source.size) &&
        same_bytes(bytes + known->tags_at, event.text + event.tags.at, event.tags.size)) {
      found_ = place.unit;
      return known;
    }
  }
}

void SeriesCache::met_found() {
  if (last_ != 0) entry(last_)->next = found_;
  last_ = found_;
}

void SeriesCache::insert(const RawEvent& event, SeriesId series, PartitionId partition, std::uint32_t minute) {
  if (entries_ >= limits_.entries || memory() > limits_.bytes) clear();
  if ((entries_ + 1) * 2 > places_.size()) grow();
  const bool timed = event.time.size != 0;
  const bool time_first = timed && event.time.at < event.value.at;
  const RawEvent::Span first = time_first ? event.time : event.value;
  const RawEvent::Span second = time_first ? event.value : event.time;
  // Where a part of the event stands once the cuts are out.
  const auto moved = [&](RawEvent::Span span) {
    std::uint32_t at = span.at;
    if (span.at > first.at) at -= first.size;
    if (timed && span.at > second.at) at -= second.size;
    return static_cast<std::uint16_t>(at);
  };
  const std::uint32_t first_end = first.at + first.size;
  const std::uint32_t middle_end = timed ? second.at : event.size;
  const std::uint32_t suffix_at = timed ? second.at + second.size : event.size;
  const std::uint64_t place_of = hash(event);
  // 16 bytes more, since spans are compared in steps of 16.
  const std::uint32_t unit = allot(sizeof(Entry) + event.size + 16);
  Entry* made = new (static_cast<void*>(entry(unit))) Entry{};
  made->hash = place_of;
  made->series = series;
  made->partition = partition;
  made->minute = minute;
  made->prefix = static_cast<std::uint16_t>(first.at);
  made->middle = static_cast<std::uint16_t>(middle_end - first_end);
  made->suffix = static_cast<std::uint16_t>(event.size - suffix_at);
  made->metric_at = moved(event.metric);
  made->source_at = moved(event.source);
  made->tags_at = moved(event.tags);
  made->tags_size = static_cast<std::uint16_t>(event.tags.size);
  made->metric_size = static_cast<std::uint8_t>(event.metric.size);
  made->source_size = static_cast<std::uint8_t>(event.source.size);
  made->timed = timed;
  made->time_first = time_first;
  char* bytes = reinterpret_cast<char*>(made + 1);
  const auto append = [&](std::uint32_t from, std::uint32_t to) {
    std::memcpy(bytes, event.text + from, to - from);
    bytes += to - from;
  };
  append(0, first.at);
  append(first_end, middle_end);
  append(suffix_at, event.size);
  std::memset(bytes, 0, 16);

  const std::size_t mask = places_.size() - 1;
  std::size_t i = place_of & mask;
  while (places_[i].unit != 0) i = (i + 1) & mask;
  places_[i] = Place{static_cast<std::uint32_t>(place_of >> 32), unit};
  ++entries_;
  found_ = unit;
  met_found();
}

std::uint32_t SeriesCache::allot(std::size_t bytes) {
  const auto units = static_cast<std::uint32_t>((bytes + unit_bytes - 1) / unit_bytes);
  if (next_unit_ / block_units != (next_unit_ + units - 1) / block_units) {
    next_unit_ = (next_unit_ / block_units + 1) * block_units;
  }
  while (blocks_.size() <= next_unit_ / block_units) {
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_units * unit_bytes));
  }
  const std::uint32_t unit = next_unit_;
  next_unit_ += units;
  return unit;
}

std::size_t SeriesCache::memory() const {
  return blocks_.size() * block_units * unit_bytes + places_.capacity() * sizeof(Place);
}

void SeriesCache::grow() {
  std::vector<Place> wider(places_.size() * 2);
  const std::size_t mask = wider.size() - 1;
  for (const Place place : places_) {
    if (place.unit == 0) continue;
    std::size_t i = entry(place.unit)->hash & mask;
    while (wider[i].unit != 0) i = (i + 1) & mask;
    wider[i] = place;
  }
  places_ = std::move(wider);
}

void SeriesCache::clear() {
  places_.assign(first_places, Place{});
  places_.shrink_to_fit();
  blocks_.clear();
  next_unit_ = 1;
  last_ = guess_ = found_ = doubt_ = 0;
  entries_ = 0;
}

}  // namespace millrace
