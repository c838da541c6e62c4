#include "store/page_key.hpp"

#include "base/bytes.hpp"
#include "store/page.hpp"

#include <algorithm>
#include <limits>

namespace millrace {
namespace {

template <class T>
void put_big(std::string& out, T value) {
  for (int shift = (sizeof(T) * 8) - 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

template <class T>
T take_big(std::string_view& bytes) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>((value << 8) | static_cast<T>(static_cast<unsigned char>(bytes[i])));
  }
  bytes.remove_prefix(sizeof(T));
  return value;
}

/// Flips the sign bit, so that bytes sort as the numbers do.
std::uint32_t sortable(std::int32_t number) { return static_cast<std::uint32_t>(number) ^ 0x8000'0000U; }
std::int32_t from_sortable(std::uint32_t bits) { return static_cast<std::int32_t>(bits ^ 0x8000'0000U); }

/// A number of aligned stretches; times beyond what 32 bits count end at the last.
std::int32_t stretch(Millis at, Duration length) {
  const std::int64_t number = align_down(at, length).value / length.count();
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(number, std::numeric_limits<std::int32_t>::min() + 1,
                                                            std::numeric_limits<std::int32_t>::max() - 1));
}

void put_span(std::string& out, const SpanKey& key) {
  out.push_back(static_cast<char>(key.level));
  put_big(out, sortable(key.span));
  put_big(out, key.metric.value);
}

void put_group(std::string& out, const GroupKey& key) {
  put_span(out, key.span);
  put_big(out, key.partition.value);
  put_big(out, key.shard);
}

constexpr std::size_t page_key_size = 1 + 4 + 4 + 2 + 4 + 8 + 4;
constexpr std::size_t hour_key_size = 4 + 4 + 2 + 4;

}  // namespace

std::int32_t span_of(Level level, Millis at) { return stretch(at, page_span(level)); }

Millis span_start(Level level, std::int32_t span) { return Millis{span * page_span(level).count()}; }

std::int32_t hour_of(Millis at) { return stretch(at, width(Level::hour)); }

std::string encode_level(Level level) { return {static_cast<char>(level)}; }

std::string encode_span(Level level, std::int32_t span) {
  std::string out = encode_level(level);
  put_big(out, sortable(span));
  return out;
}

std::string encode(const SpanKey& key) {
  std::string out;
  put_span(out, key);
  return out;
}

std::string encode(const GroupKey& key) {
  std::string out;
  put_group(out, key);
  return out;
}

std::string encode(const PageKey& key) {
  std::string out;
  out.reserve(page_key_size);
  put_group(out, key.group);
  put_big(out, key.run);
  put_big(out, key.ordinal);
  return out;
}

std::optional<PageKey> decode_page_key(std::string_view bytes) {
  if (bytes.size() != page_key_size || static_cast<unsigned char>(bytes[0]) > 3) return std::nullopt;
  PageKey key{};
  key.group.span.level = static_cast<Level>(take_big<std::uint8_t>(bytes));
  key.group.span.span = from_sortable(take_big<std::uint32_t>(bytes));
  key.group.span.metric = MetricId{take_big<std::uint32_t>(bytes)};
  key.group.partition = PartitionId{take_big<std::uint16_t>(bytes)};
  key.group.shard = take_big<std::uint32_t>(bytes);
  key.run = take_big<std::uint64_t>(bytes);
  key.ordinal = take_big<std::uint32_t>(bytes);
  return key;
}

std::string encode_info(const PageInfo& info) {
  std::string out;
  ByteWriter writer(out);
  writer.varint(info.first.value);
  writer.varint(info.last.value - info.first.value);
  writer.varint(info.rows);
  writer.varint(info.bytes);
  const Level level = info.key.group.span.level;
  writer.signed_varint(info.earliest - span_start(level, info.key.group.span.span).value);
  writer.signed_varint(info.latest - info.earliest);
  return out;
}

std::optional<PageInfo> decode_info(std::string_view key, std::string_view value) {
  const auto page = decode_page_key(key);
  if (!page) return std::nullopt;
  ByteReader reader(value);
  PageInfo info{};
  info.key = *page;
  info.first = SeriesId{static_cast<std::uint32_t>(reader.varint())};
  info.last = SeriesId{static_cast<std::uint32_t>(info.first.value + reader.varint())};
  info.rows = static_cast<std::uint32_t>(reader.varint());
  info.bytes = static_cast<std::uint32_t>(reader.varint());
  const Millis start = span_start(page->group.span.level, page->group.span.span);
  info.earliest = wrapping::add(start.value, reader.signed_varint());
  info.latest = wrapping::add(info.earliest, reader.signed_varint());
  if (!reader.ok() || reader.left() != 0) return std::nullopt;
  return info;
}

std::string encode_hour(std::int32_t hour) {
  std::string out;
  put_big(out, sortable(hour));
  return out;
}

std::string encode(const HourKey& key) {
  std::string out = encode_hour(key.hour);
  put_big(out, key.metric.value);
  put_big(out, key.partition.value);
  put_big(out, key.shard);
  return out;
}

std::optional<HourKey> decode_hour_key(std::string_view bytes) {
  if (bytes.size() != hour_key_size) return std::nullopt;
  HourKey key{};
  key.hour = from_sortable(take_big<std::uint32_t>(bytes));
  key.metric = MetricId{take_big<std::uint32_t>(bytes)};
  key.partition = PartitionId{take_big<std::uint16_t>(bytes)};
  key.shard = take_big<std::uint32_t>(bytes);
  return key;
}

}  // namespace millrace
