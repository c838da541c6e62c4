#include "log/block.hpp"

#include "base/bytes.hpp"
#include "log/columns.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace millrace {
namespace {

// 0xFF and 0xFE stand in no UTF-8 text, so no name inside a block looks like the start of one.
constexpr std::string_view segment_magic("\xFFMRJRNL\xFE", 8);
constexpr std::string_view block_magic("\xFFMB\xFE", 4);
constexpr std::uint8_t version = 1;
constexpr std::uint8_t repaired_flag = 1;
constexpr std::size_t length_at = 4;
constexpr std::size_t checksum_at = 8;
constexpr std::size_t checked_at = 16;

template <class T>
void put(std::string& out, std::size_t at, T value) {
  std::memcpy(out.data() + at, &value, sizeof(value));
}

template <class T>
T get(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

/// Appends one column of integers, `at(i)` being the i-th.
template <class At>
void encode_column(std::size_t count, std::string& out, const At& at) {
  std::array<std::int64_t, column_chunk> chunk;
  for (std::size_t from = 0; from < count; from += column_chunk) {
    const std::size_t n = std::min(column_chunk, count - from);
    for (std::size_t i = 0; i < n; ++i) chunk[i] = at(from + i);
    encode_integers({chunk.data(), n}, out);
  }
}

/// Reads one column, handing each integer to `take`, which answers whether it can be.
template <class Take>
bool decode_column(ByteReader& in, std::size_t count, const Take& take) {
  std::array<std::int64_t, column_chunk> chunk;
  for (std::size_t from = 0; from < count; from += column_chunk) {
    const std::size_t n = std::min(column_chunk, count - from);
    if (!decode_integers(in, {chunk.data(), n})) return false;
    for (std::size_t i = 0; i < n; ++i) {
      if (!take(chunk[i])) return false;
    }
  }
  return true;
}

std::unexpected<Error> bad(const char* what) { return fail(ErrorCode::corrupt, std::string("journal block: ") + what); }

struct RawSection {
  PartitionId partition;
  std::size_t events;
  std::string_view columns;
};

/// The sections without their columns. A chunk of a column takes at least two bytes: with max_block_events, that
/// bounds what a hostile count can make us reserve.
Result<std::vector<RawSection>> split(std::string_view sections) {
  ByteReader in(sections);
  const std::uint64_t count = in.varint();
  if (count == 0 || count > in.left()) return bad("no section, or more than it has bytes");
  std::vector<RawSection> found;
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t partition = in.varint();
    const std::uint64_t events = in.varint();
    const std::string_view columns = in.raw(in.fixed<std::uint32_t>());
    if (!in.ok()) return bad("a section is cut");
    if (partition > 0xFFFF) return bad("a partition over 65535");
    total += std::min<std::uint64_t>(events, max_block_events + 1);
    if (events == 0 || total > max_block_events || events / column_chunk > columns.size() / 6) {
      return bad("a section's count does not fit its bytes");
    }
    const PartitionId id{static_cast<std::uint16_t>(partition)};
    if (!found.empty() && found.back().partition >= id) return bad("sections are not in order");
    found.push_back({id, static_cast<std::size_t>(events), columns});
  }
  if (in.left() != 0) return bad("bytes after the last section");
  return found;
}

Result<Section> decode_section(const RawSection& raw, const SeriesMap& series) {
  Section section;
  section.partition = raw.partition;
  section.series.reserve(raw.events);
  section.time.reserve(raw.events);
  section.value.reserve(raw.events);
  ByteReader in(raw.columns);
  const bool known = decode_column(in, raw.events, [&](std::int64_t local) {
    if (local < 0 || local > 0xFFFFFFFF) return false;
    const SeriesId* id = series.find(static_cast<std::uint32_t>(local));
    if (id == nullptr) return false;
    section.series.push_back(*id);
    return true;
  });
  if (!known) return bad("a series that its segment does not define");
  const bool timed = decode_column(in, raw.events, [&](std::int64_t at) {
    section.time.push_back(Millis{at});
    return true;
  });
  if (!timed || !decode_doubles(in, raw.events, section.value)) return bad("a column is cut");
  if (in.left() != 0) return bad("bytes after the last column");
  return section;
}

}  // namespace

namespace {
void encode_head_once(const SegmentHead& head, std::string& out) {
  const std::size_t start = out.size();
  ByteWriter writer(out);
  writer.raw(segment_magic);
  writer.fixed(version);
  writer.fixed(static_cast<std::uint8_t>(head.repaired ? repaired_flag : 0));
  writer.fixed(static_cast<std::uint16_t>(head.needed.size()));
  writer.fixed(head.salt);
  writer.fixed(head.first.value);
  writer.fixed(head.follows.value);
  writer.fixed(head.newest_arrival.value);
  for (const Offset& offset : head.needed) writer.fixed(offset.value);
  writer.fixed(static_cast<std::uint64_t>(XXH3_64bits(out.data() + start, out.size() - start)));
}

Result<ReadHead> read_head_once(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.raw(segment_magic.size()) != segment_magic) return fail(ErrorCode::corrupt, "it does not begin as a segment");
  const auto found = in.fixed<std::uint8_t>();
  if (in.ok() && found != version) {
    return fail(ErrorCode::unsupported_version, "its format is version " + std::to_string(found) +
                                                    ", this program knows version 1: use the program that wrote it");
  }
  ReadHead read;
  const auto flags = in.fixed<std::uint8_t>();
  const auto partitions = in.fixed<std::uint16_t>();
  read.head.repaired = (flags & repaired_flag) != 0;
  read.head.salt = in.fixed<std::uint64_t>();
  read.head.first = Offset{in.fixed<std::uint64_t>()};
  read.head.follows = Offset{in.fixed<std::uint64_t>()};
  read.head.newest_arrival = Millis{in.fixed<std::int64_t>()};
  for (unsigned p = 0; p < partitions && in.ok(); ++p) read.head.needed.push_back(Offset{in.fixed<std::uint64_t>()});
  const std::size_t checked = bytes.size() - in.left();
  const auto checksum = in.fixed<std::uint64_t>();
  if (!in.ok()) return fail(ErrorCode::corrupt, "its head is cut");
  if (checksum != XXH3_64bits(bytes.data(), checked) || (flags & ~repaired_flag) != 0) {
    return fail(ErrorCode::corrupt, "its head is not what was written");
  }
  read.size = bytes.size() - in.left();
  return read;
}
}  // namespace

void encode_segment_head(const SegmentHead& head, std::string& out) {
  encode_head_once(head, out);
  encode_head_once(head, out);
}

std::size_t segment_head_size(std::size_t partitions) { return 2 * (52 + partitions * 8); }

Result<ReadHead> read_segment_head(std::string_view bytes) {
  auto first = read_head_once(bytes);
  if (!first) return first;
  const auto second = read_head_once(bytes.substr(first->size));
  if (!second && second.error().code == ErrorCode::unsupported_version) return fail(second.error());
  if (!second || second->head != first->head)
    return fail(ErrorCode::corrupt, "its head's copy is not what was written");
  first->size *= 2;
  return first;
}

Result<ReadHead> salvage_segment_head(std::string_view bytes) {
  if (auto both = read_segment_head(bytes)) return both;
  if (auto first = read_head_once(bytes)) {
    first->size = std::min(first->size * 2, bytes.size());
    return first;
  }
  for (std::size_t at = bytes.substr(0, max_segment_head).find(segment_magic, 1); at != std::string_view::npos;
       at = bytes.substr(0, max_segment_head).find(segment_magic, at + 1)) {
    if (auto second = read_head_once(bytes.substr(at))) {
      second->size = at + second->size;
      return second;
    }
  }
  return fail(ErrorCode::corrupt, "no copy of its head is whole");
}

void encode_sections(const EventBatch& batch, std::string& out) {
  ByteWriter writer(out);
  out.reserve(out.size() + batch.size() * 6 + batch.sections.size() * 32 + 16);
  writer.varint(batch.sections.size());
  for (const Section& section : batch.sections) {
    writer.varint(section.partition.value);
    writer.varint(section.size());
    const std::size_t length = out.size();
    writer.fixed(std::uint32_t{0});
    encode_column(section.size(), out, [&](std::size_t i) { return std::int64_t{section.series[i].value}; });
    encode_column(section.size(), out, [&](std::size_t i) { return section.time[i].value; });
    encode_doubles(section.value, out);
    put(out, length, static_cast<std::uint32_t>(out.size() - length - sizeof(std::uint32_t)));
  }
}

void encode_block(BlockPlace place, std::uint64_t salt, const EventBatch& batch,
                  const std::vector<LocalSeries>& definitions, std::string_view sections, std::string& out) {
  const std::size_t start = out.size();
  ByteWriter writer(out);
  writer.raw(block_magic);
  writer.fixed(std::uint32_t{0});
  writer.fixed(std::uint64_t{0});
  writer.fixed(place.number.value);
  writer.fixed(place.synced.value);
  writer.fixed(batch.arrival.value);
  writer.string(batch.producer);
  writer.varint(batch.sequence);
  writer.varint(definitions.size());
  for (const LocalSeries& series : definitions) {
    writer.varint(series.local);
    writer.string(series.key);
  }
  writer.raw(sections);
  const std::size_t size = out.size() - start;
  put(out, start + length_at, static_cast<std::uint32_t>(size));
  put(out, start + checksum_at,
      static_cast<std::uint64_t>(XXH3_64bits_withSeed(out.data() + start + checked_at, size - checked_at, salt)));
}

std::optional<Block> read_block(std::string_view bytes, std::uint64_t salt) {
  if (bytes.size() < checked_at || !bytes.starts_with(block_magic)) return std::nullopt;
  const std::size_t size = get<std::uint32_t>(bytes, length_at);
  if (size < checked_at || size > bytes.size()) return std::nullopt;
  const std::string_view checked = bytes.substr(checked_at, size - checked_at);
  if (get<std::uint64_t>(bytes, checksum_at) != XXH3_64bits_withSeed(checked.data(), checked.size(), salt)) {
    return std::nullopt;
  }
  ByteReader in(checked);
  Block block;
  block.size = size;
  block.place.number = Offset{in.fixed<std::uint64_t>()};
  block.place.synced = Offset{in.fixed<std::uint64_t>()};
  block.arrival = Millis{in.fixed<std::int64_t>()};
  block.producer = in.string();
  block.sequence = in.varint();
  const std::uint64_t definitions = in.varint();
  if (definitions > in.left() / 2) return std::nullopt;
  block.definitions.reserve(static_cast<std::size_t>(definitions));
  for (std::uint64_t i = 0; i < definitions; ++i) {
    const std::uint64_t local = in.varint();
    const std::string_view key = in.string();
    if (!in.ok() || local > 0xFFFFFFFF) return std::nullopt;
    block.definitions.push_back({static_cast<std::uint32_t>(local), key});
  }
  if (!in.ok()) return std::nullopt;
  block.sections = in.raw(in.left());
  return block;
}

std::size_t find_block(std::string_view bytes, std::uint64_t salt, std::size_t from) {
  for (std::size_t at = bytes.find(block_magic, from); at != std::string_view::npos;
       at = bytes.find(block_magic, at + 1)) {
    if (read_block(bytes.substr(at), salt)) return at;
  }
  return std::string_view::npos;
}

void SeriesMap::define(std::uint32_t local, SeriesId id) {
  const std::size_t number = local / page_size;
  if (number >= pages_.size()) pages_.resize(number + 1);
  if (!pages_[number]) pages_[number] = std::make_unique<Page>();
  pages_[number]->ids[local % page_size] = id;
  pages_[number]->defined.set(local % page_size);
}

const SeriesId* SeriesMap::find(std::uint32_t local) const {
  const std::size_t number = local / page_size;
  if (number >= pages_.size() || !pages_[number] || !pages_[number]->defined[local % page_size]) return nullptr;
  return &pages_[number]->ids[local % page_size];
}

Result<EventBatch> decode_batch(const Block& block, const SeriesMap& series) {
  const auto raw = split(block.sections);
  if (!raw) return fail(raw.error());
  EventBatch batch;
  batch.arrival = block.arrival;
  batch.producer = block.producer;
  batch.sequence = block.sequence;
  batch.sections.reserve(raw->size());
  for (const RawSection& part : *raw) {
    auto section = decode_section(part, series);
    if (!section) return fail(section.error());
    batch.sections.push_back(std::move(*section));
  }
  return batch;
}

Result<std::vector<PartitionId>> partitions_of(const Block& block) {
  const auto raw = split(block.sections);
  if (!raw) return fail(raw.error());
  std::vector<PartitionId> partitions;
  for (const RawSection& part : *raw) partitions.push_back(part.partition);
  return partitions;
}

}  // namespace millrace
