#include "store/digest_page.hpp"

#include "store/page.hpp"
#include "store/page_version.hpp"

namespace millrace {
namespace {

constexpr std::uint8_t digests_kind = 2;

std::unexpected<Error> corrupt() {
  return fail(ErrorCode::corrupt, "page of digests: its bytes are not what was written");
}

}  // namespace

std::string encode_digest_page(std::span<const std::uint32_t> starts, std::span<const std::string_view> digests) {
  std::vector<std::int64_t> offsets;
  std::vector<std::int64_t> sizes;
  std::size_t total = 0;
  for (std::size_t s = 0; s + 1 < starts.size(); ++s) {
    offsets.push_back(static_cast<std::int64_t>(total));
    for (std::size_t i = starts[s]; i < starts[s + 1]; ++i) {
      sizes.push_back(static_cast<std::int64_t>(digests[i].size()));
      total += digests[i].size();
    }
  }
  std::string out;
  out.reserve(total + (sizes.size() * 2) + 64);
  ByteWriter writer(out);
  writer.fixed(page_version);
  writer.fixed(digests_kind);
  writer.varint(sizes.size());
  writer.varint(offsets.size());
  PackedInts::write(offsets, out);
  PackedInts::write(sizes, out);
  writer.varint(total);
  for (const std::string_view digest : digests) writer.raw(digest);
  out.append(PackedInts::slack, '\0');
  return out;
}

Result<DigestPage> DigestPage::open(std::string_view bytes) {
  if (!bytes.empty() && static_cast<std::uint8_t>(bytes[0]) != page_version) {
    return fail(ErrorCode::unsupported_version, "page of digests: version " +
                                                    std::to_string(static_cast<std::uint8_t>(bytes[0])) +
                                                    " is unknown; a newer Millrace may read it");
  }
  DigestPage page;
  if (!page.parse(bytes)) return corrupt();
  return page;
}

bool DigestPage::parse(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto version = reader.fixed<std::uint8_t>();
  const auto kind = reader.fixed<std::uint8_t>();
  const std::uint64_t rows = reader.varint();
  const std::uint64_t series = reader.varint();
  if (!reader.ok() || version != page_version || kind != digests_kind) return false;
  if (rows == 0 || rows > most_page_rows || series == 0 || series > rows) return false;
  rows_ = rows;
  series_ = series;
  auto offsets = PackedInts::read(reader, series);
  if (!offsets) return false;
  auto sizes = PackedInts::read(reader, rows);
  if (!sizes) return false;
  offsets_ = std::move(*offsets);
  sizes_ = std::move(*sizes);
  digests_ = reader.string();
  return reader.ok() && reader.left() == PackedInts::slack;
}

Result<std::span<const std::string_view>> DigestPage::read(std::size_t index, std::size_t start, std::size_t size) {
  if (index >= series_ || start > rows_ || size > rows_ - start) return corrupt();
  numbers_.resize(size);
  sizes_.unpack(start, numbers_);
  auto offset = static_cast<std::uint64_t>(offsets_.at(index));
  out_.clear();
  for (const std::int64_t bytes : numbers_) {
    if (bytes < 0 || offset > digests_.size() || static_cast<std::uint64_t>(bytes) > digests_.size() - offset) {
      return corrupt();
    }
    out_.push_back(digests_.substr(offset, static_cast<std::size_t>(bytes)));
    offset += static_cast<std::uint64_t>(bytes);
  }
  return std::span<const std::string_view>(out_);
}

}  // namespace millrace
