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

std::uint64_t SeriesCache::hash(const RawName& name) const {
  std::uint64_t state = mix_span(seed_, name.metric, name.metric_size);
  state = mix_span(state, name.source, name.source_size);
  return mix_span(state, name.tags, name.tags_size);
}

char* SeriesCache::address(std::uint32_t unit) const {
  return blocks_[unit / block_units].get() + static_cast<std::size_t>(unit % block_units) * unit_bytes;
}

SeriesCache::Entry* SeriesCache::find(const RawName& name, std::uint64_t hash) {
  const std::size_t mask = places_.size() - 1;
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
    const Place place = places_[i];
    if (place.unit == 0) return nullptr;
    if (place.tag != tag) continue;
    char* at = address(place.unit);
    auto* entry = std::launder(reinterpret_cast<Entry*>(at));
    if (entry->metric_size != name.metric_size || entry->source_size != name.source_size ||
        entry->tags_size != name.tags_size) {
      continue;
    }
    const char* bytes = at + sizeof(Entry);
    if (same_bytes(bytes, name.metric, name.metric_size) &&
        same_bytes(bytes + name.metric_size, name.source, name.source_size) &&
        same_bytes(bytes + name.metric_size + name.source_size, name.tags, name.tags_size)) {
      return entry;
    }
  }
}

void SeriesCache::insert(const RawName& name, std::uint64_t hash, SeriesId series, PartitionId partition,
                         std::uint32_t minute) {
  const std::size_t text = std::size_t{name.metric_size} + name.source_size + name.tags_size;
  // 16 bytes more, since spans are compared in steps of 16.
  const auto units = static_cast<std::uint32_t>((sizeof(Entry) + text + 16 + unit_bytes - 1) / unit_bytes);
  if (entries_ >= limits_.entries || memory() > limits_.bytes) clear();
  if ((entries_ + 1) * 2 > places_.size()) grow();
  if (next_unit_ / block_units != (next_unit_ + units - 1) / block_units) {
    next_unit_ = (next_unit_ / block_units + 1) * block_units;
  }
  while (blocks_.size() <= next_unit_ / block_units) {
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_units * unit_bytes));
  }
  char* at = address(next_unit_);
  new (at) Entry{hash,
                 series,
                 partition,
                 static_cast<std::uint16_t>(name.tags_size),
                 minute,
                 static_cast<std::uint8_t>(name.metric_size),
                 static_cast<std::uint8_t>(name.source_size)};
  char* bytes = at + sizeof(Entry);
  const auto append = [&bytes](const char* from, std::size_t size) {
    if (size != 0) std::memcpy(bytes, from, size);
    bytes += size;
  };
  append(name.metric, name.metric_size);
  append(name.source, name.source_size);
  append(name.tags, name.tags_size);
  std::memset(bytes, 0, 16);

  const std::size_t mask = places_.size() - 1;
  std::size_t i = hash & mask;
  while (places_[i].unit != 0) i = (i + 1) & mask;
  places_[i] = Place{static_cast<std::uint32_t>(hash >> 32), next_unit_};
  next_unit_ += units;
  ++entries_;
}

std::size_t SeriesCache::memory() const {
  return blocks_.size() * block_units * unit_bytes + places_.capacity() * sizeof(Place);
}

void SeriesCache::grow() {
  std::vector<Place> wider(places_.size() * 2);
  const std::size_t mask = wider.size() - 1;
  for (const Place place : places_) {
    if (place.unit == 0) continue;
    std::size_t i = std::launder(reinterpret_cast<const Entry*>(address(place.unit)))->hash & mask;
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
  entries_ = 0;
}

}  // namespace millrace
