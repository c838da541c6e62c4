#include "model/series.hpp"

#include "base/bytes.hpp"

#include <bit>

namespace millrace {
namespace {

std::size_t varint_size(std::uint64_t value) { return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7; }
std::size_t string_size(std::string_view bytes) { return varint_size(bytes.size()) + bytes.size(); }

/// A longer spelling of the same varints would make two byte strings of one key; only the shortest is ours.
std::size_t encoded_size(const SeriesKey& key) {
  std::size_t size = string_size(key.metric) + string_size(key.source) + varint_size(key.tags.size());
  for (const auto& [tag, value] : key.tags) size += string_size(tag) + string_size(value);
  return size;
}

}  // namespace

std::string encode(const SeriesKey& key) {
  std::string out;
  out.reserve(encoded_size(key));
  ByteWriter writer(out);
  writer.string(key.metric);
  writer.string(key.source);
  writer.varint(key.tags.size());
  for (const auto& [tag, value] : key.tags) {
    writer.string(tag);
    writer.string(value);
  }
  return out;
}

Result<SeriesKey> decode_series_key(std::string_view bytes) {
  ByteReader reader(bytes);
  SeriesKey key;
  key.metric = reader.string();
  key.source = reader.string();
  const std::uint64_t tags = reader.varint();
  // A tag takes at least three bytes, so a hostile count can't make us reserve more than the input's own size.
  if (!reader.ok() || tags > reader.left() / 3) return fail(ErrorCode::corrupt, "series key: truncated");
  key.tags.reserve(static_cast<std::size_t>(tags));
  for (std::uint64_t i = 0; i < tags; ++i) {
    const std::string_view tag = reader.string();
    const std::string_view value = reader.string();
    if (tag.empty() || value.empty()) return fail(ErrorCode::corrupt, "series key: a tag without key or value");
    if (!key.tags.empty() && key.tags.back().first >= tag) {
      return fail(ErrorCode::corrupt, "series key: tags not in ascending order");
    }
    key.tags.emplace_back(tag, value);
  }
  if (!reader.ok() || reader.left() != 0) return fail(ErrorCode::corrupt, "series key: not the length it says");
  if (encoded_size(key) != bytes.size()) return fail(ErrorCode::corrupt, "series key: a length in more bytes than due");
  return key;
}

}  // namespace millrace
