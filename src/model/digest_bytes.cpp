#include "base/bytes.hpp"
#include "model/digest.hpp"
#include "model/digest_parts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace millrace {
namespace {

using centroids::Run;
using centroids::Scratch;

constexpr std::uint8_t plain_version = 1;
constexpr std::uint8_t dense_version = 2;

// Flags.
constexpr std::uint8_t exact_flag = 1;
constexpr std::uint8_t decimal_flag = 2;      // version 2, exact only: values are whole multiples of 10^-e
constexpr std::uint8_t compression_flag = 4;  // version 2: the compression is not 100 and follows

constexpr unsigned most_places = 6;
constexpr std::array<double, most_places + 1> powers{1, 10, 100, 1e3, 1e4, 1e5, 1e6};
constexpr double most_whole = 9007199254740992.0;  // 2^53: every whole number up to it is a double
constexpr std::uint64_t most_count = 1ULL << 53;   // weights are kept as doubles
constexpr std::size_t most_centroids_read = centroids::most;

using Wholes = std::array<std::int64_t, Digest::exact_values>;

/// The value as a multiple of 10^-places, if dividing gives back the same bits.
std::optional<std::int64_t> whole(double value, unsigned places) {
  const double scaled = std::nearbyint(value * powers[places]);
  if (!(std::abs(scaled) < most_whole)) return std::nullopt;
  if (scaled / powers[places] != value || (value == 0 && std::signbit(value))) return std::nullopt;
  return static_cast<std::int64_t>(scaled);
}

/// How many decimals all the values have, if few; their wholes then.
std::optional<unsigned> places_of(std::span<const double> values, Wholes& wholes) {
  unsigned places = 0;
  for (const double value : values) {
    while (!whole(value, places)) {
      if (++places > most_places) return std::nullopt;
    }
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto number = whole(values[i], places);
    if (!number) return std::nullopt;  // a larger value no longer fits at that many places
    wholes[i] = *number;
  }
  return places;
}

std::unexpected<Error> corrupt(const char* what) { return fail(ErrorCode::corrupt, std::string("digest: ") + what); }

/// What bytes say, read into fixed arrays.
struct Parsed {
  double compression = Digest::default_compression;
  bool exact = true;
  std::size_t size = 0;
  std::uint64_t count = 0;
  double min = 0;
  double max = 0;
  std::array<double, most_centroids_read> mean;
  std::array<double, most_centroids_read> weight;

  Parsed() {}  // NOLINT(modernize-use-equals-default): {} would zero the arrays
};

bool read_decimals(ByteReader& reader, Parsed& parsed) {
  const auto places = reader.fixed<std::uint8_t>();
  if (places > most_places) return false;
  const auto limit = static_cast<std::int64_t>(most_whole);
  std::int64_t number = 0;
  for (std::size_t i = 0; i < parsed.size; ++i) {
    if (i == 0) {
      number = reader.signed_varint();
      if (number <= -limit || number >= limit) return false;
    } else {
      const std::uint64_t step = reader.varint();
      if (step >= static_cast<std::uint64_t>(limit - number)) return false;
      number += static_cast<std::int64_t>(step);
    }
    parsed.mean[i] = static_cast<double>(number) / powers[places];
  }
  return reader.ok();
}

bool read_values(ByteReader& reader, Parsed& parsed) {
  for (std::size_t i = 0; i < parsed.size; ++i) {
    parsed.mean[i] = reader.fixed<double>();
    if (!std::isfinite(parsed.mean[i])) return false;
  }
  return reader.ok();
}

bool take_weight(Parsed& parsed, std::size_t i, std::uint64_t weight) {
  if (weight == 0 || weight > most_count - parsed.count) return false;
  parsed.weight[i] = static_cast<double>(weight);
  parsed.count += weight;
  return true;
}

bool read_centroids(ByteReader& reader, Parsed& parsed, std::uint8_t version) {
  if (version == plain_version) {
    for (std::size_t i = 0; i < parsed.size; ++i) {
      parsed.mean[i] = reader.fixed<double>();
      if (!take_weight(parsed, i, reader.varint())) return false;
    }
  } else {
    for (std::size_t i = 0; i < parsed.size; ++i) {
      if (!take_weight(parsed, i, reader.varint())) return false;
    }
    for (std::size_t i = 0; i < parsed.size; ++i) parsed.mean[i] = reader.fixed<double>();
  }
  if (!reader.ok()) return false;
  double below = parsed.min;
  for (std::size_t i = 0; i < parsed.size; ++i) {
    if (!(parsed.mean[i] >= below)) return false;
    below = parsed.mean[i];
  }
  return below <= parsed.max && std::isfinite(parsed.min) && std::isfinite(parsed.max);
}

Result<void> parse(std::string_view bytes, Parsed& parsed) {
  ByteReader reader(bytes);
  const auto version = reader.fixed<std::uint8_t>();
  const auto flags = reader.fixed<std::uint8_t>();
  if (!reader.ok()) return corrupt("truncated");
  if (version != plain_version && version != dense_version) {
    return fail(ErrorCode::unsupported_version, "digest: version " + std::to_string(version) + " is unknown");
  }
  const bool dense = version == dense_version;
  parsed.exact = (flags & exact_flag) != 0;
  const bool decimal = (flags & decimal_flag) != 0;
  const bool given = !dense || (flags & compression_flag) != 0;
  if ((flags & ~(exact_flag | (dense ? decimal_flag | compression_flag : 0))) != 0) return corrupt("unknown flags");
  if (decimal && !parsed.exact) return corrupt("decimal centroids");
  if (given) parsed.compression = reader.fixed<double>();
  if (!(parsed.compression >= Digest::least_compression && parsed.compression <= Digest::most_compression)) {
    return corrupt("compression out of range");
  }
  if (!dense || !parsed.exact) {
    parsed.min = reader.fixed<double>();
    parsed.max = reader.fixed<double>();
  }
  const std::uint64_t size = reader.varint();
  if (!reader.ok()) return corrupt("truncated");
  if (size > (parsed.exact ? Digest::exact_values : most_centroids_read)) return corrupt("too many values");
  parsed.size = static_cast<std::size_t>(size);
  if (parsed.exact) {
    parsed.count = size;
    if (!(decimal ? read_decimals(reader, parsed) : read_values(reader, parsed))) return corrupt("bad values");
  } else if (parsed.size == 0 || !read_centroids(reader, parsed, version)) {
    return corrupt("bad centroids");
  }
  if (reader.left() != 0) return corrupt("bytes after the end");
  return {};
}

}  // namespace

void Digest::encode(std::string& out) const {
  ByteWriter writer(out);
  const bool given = compression() != default_compression;
  const auto flags = static_cast<std::uint8_t>(given ? compression_flag : 0);
  writer.fixed(dense_version);
  if (!exact()) {
    Scratch scratch;
    const centroids::View view = Access::view(*this, scratch);
    writer.fixed(flags);
    if (given) writer.fixed(compression());
    writer.fixed(view.min);
    writer.fixed(view.max);
    writer.varint(view.run.size);
    for (std::size_t i = 0; i < view.run.size; ++i) writer.varint(static_cast<std::uint64_t>(view.run.weight[i]));
    for (std::size_t i = 0; i < view.run.size; ++i) writer.fixed(view.run.mean[i]);
    return;
  }
  std::array<double, exact_values> sorted;
  const std::size_t size = values_ ? values_->used : 0;
  if (size > 0) std::copy_n(values_->data(), size, sorted.begin());
  std::sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(size));
  const std::span<const double> values(sorted.data(), size);
  Wholes wholes;
  const auto places = size == 0 ? std::nullopt : places_of(values, wholes);
  writer.fixed(static_cast<std::uint8_t>(flags | exact_flag | (places ? decimal_flag : 0)));
  if (given) writer.fixed(compression());
  writer.varint(size);
  if (!places) {
    for (const double value : values) writer.fixed(value);
    return;
  }
  writer.fixed(static_cast<std::uint8_t>(*places));
  writer.signed_varint(wholes[0]);
  for (std::size_t i = 1; i < size; ++i) writer.varint(static_cast<std::uint64_t>(wholes[i] - wholes[i - 1]));
}

Result<void> Digest::merge_encoded(Digest& into, std::string_view bytes) {
  Parsed parsed;
  if (auto read = parse(bytes, parsed); !read) return read;
  if (parsed.exact) {
    Access::add_all(into, {parsed.mean.data(), parsed.size});
  } else {
    Access::merge(into,
                  {{parsed.mean.data(), parsed.weight.data(), parsed.size}, parsed.count, parsed.min, parsed.max});
  }
  return {};
}

Result<Digest> Digest::decode(std::string_view bytes) {
  Parsed parsed;
  if (auto read = parse(bytes, parsed); !read) return fail(read.error());
  Digest digest(parsed.compression);
  if (parsed.exact) {
    Access::add_all(digest, {parsed.mean.data(), parsed.size});
  } else {
    Access::merge(digest,
                  {{parsed.mean.data(), parsed.weight.data(), parsed.size}, parsed.count, parsed.min, parsed.max});
  }
  return digest;
}

}  // namespace millrace
