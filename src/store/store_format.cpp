#include "store/store_format.hpp"

#include "base/bytes.hpp"
#include "base/files.hpp"

#include <charconv>
#include <sstream>
#include <utility>

namespace millrace {
namespace {

constexpr std::uint32_t format_version = 1;
constexpr std::string_view title = "millrace-store";

/// What the file STORE says.
struct Written {
  std::uint32_t version = 0;
  std::int64_t bucket_ms = 0;
  double compression = 0;
  std::uint32_t partitions = 0;
};

std::string to_text(const RocksOptions& options) {
  std::ostringstream out;
  out << title << ' ' << format_version << "\nbucket_ms " << options.bucket.count() << "\ncompression "
      << options.compression << "\npartitions " << options.partitions << '\n';
  return out.str();
}

Result<Written> from_text(const std::string& text) {
  std::istringstream in(text);
  Written written;
  std::string word;
  if (!(in >> word >> written.version) || word != title) {
    return fail(ErrorCode::corrupt, "store: the file STORE in the data folder is not one of a Millrace store");
  }
  // Of another version nothing more is known.
  if (written.version != format_version) return written;
  std::string bucket;
  std::string compression;
  std::string partitions;
  in >> bucket >> written.bucket_ms >> compression >> written.compression >> partitions >> written.partitions;
  if (!in || bucket != "bucket_ms" || compression != "compression" || partitions != "partitions") {
    return fail(ErrorCode::corrupt, "store: the file STORE in the data folder is damaged; restore it from a backup");
  }
  return written;
}

/// Replaces the file in one step that survives a loss of power.
Result<void> replace(Files& files, const std::string& folder, const std::string& text) {
  const std::string fresh = folder + "/STORE.new";
  if (auto left = files.size(fresh); left) {
    if (auto removed = files.remove(fresh); !removed) return removed;
  }
  auto file = files.append(fresh);
  if (!file) return fail(file.error());
  if (auto done = (*file)->append(text); !done) return done;
  if (auto done = (*file)->sync(); !done) return done;
  file->reset();
  if (auto done = files.rename(fresh, folder + "/STORE"); !done) return done;
  return files.sync_directory(folder);
}

std::string number(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

Result<void> compare(const Written& written, const RocksOptions& options) {
  if (written.version != format_version) {
    return fail(ErrorCode::unsupported_version, "store: the data folder has format " + std::to_string(written.version) +
                                                    ", this Millrace reads " + std::to_string(format_version) +
                                                    "; start the version that wrote it. Nothing was changed");
  }
  const std::string steps = ". Set it back, or start with an empty data folder. Nothing was changed";
  if (written.bucket_ms != options.bucket.count()) {
    return fail(ErrorCode::invalid_argument,
                "store: the data has stream.bucket = " + std::to_string(written.bucket_ms) + " ms, the configuration " +
                    std::to_string(options.bucket.count()) + " ms" + steps);
  }
  if (written.compression != options.compression) {
    return fail(ErrorCode::invalid_argument, "store: the data has stream.compression = " + number(written.compression) +
                                                 ", the configuration " + number(options.compression) + steps);
  }
  if (written.partitions > options.partitions) {
    return fail(ErrorCode::invalid_argument,
                "store: the data has " + std::to_string(written.partitions) + " partitions, the configuration " +
                    std::to_string(options.partitions) + "; partitions can be added, not removed" + steps);
  }
  return {};
}

}  // namespace

Result<void> agree_on_format(const std::string& path, const RocksOptions& options) {
  SystemFiles files;
  const auto text = files.read(path + "/STORE");
  if (!text && text.error().code != ErrorCode::not_found) return fail(text.error());
  if (!text) {
    if (const auto database = files.list(database_folder(path)); database && !database->empty()) {
      return fail(ErrorCode::corrupt, "store: the data folder has a database but no file STORE; restore a backup");
    }
    if (auto made = files.make_directory(path); !made) return made;
    return replace(files, path, to_text(options));
  }
  const auto written = from_text(*text);
  if (!written) return fail(written.error());
  if (auto same = compare(*written, options); !same) return same;
  if (written->partitions == options.partitions) return {};
  return replace(files, path, to_text(options));
}

std::string database_folder(const std::string& path) { return path + "/rocksdb"; }

std::string catalog_key(SeriesId series) {
  std::string key;
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(series.value >> shift));
  return key;
}

std::string catalog_row(const SeriesDefinition& definition) {
  std::string row;
  ByteWriter writer(row);
  writer.varint(definition.metric.value);
  writer.raw(encode(definition.key));
  return row;
}

std::optional<SeriesId> series_of_catalog_key(std::string_view key) {
  if (key.size() != 4) return std::nullopt;
  std::uint32_t id = 0;
  for (const char byte : key) id = (id << 8) | static_cast<unsigned char>(byte);
  return SeriesId{id};
}

std::optional<MetricId> metric_of_catalog_row(std::string_view row) {
  ByteReader reader(row);
  const std::uint64_t metric = reader.varint();
  if (!reader.ok() || metric > 0xFFFF'FFFFULL) return std::nullopt;
  return MetricId{static_cast<std::uint32_t>(metric)};
}

Result<SeriesDefinition> decode_catalog_row(std::string_view key, std::string_view row) {
  const auto series = series_of_catalog_key(key);
  ByteReader reader(row);
  const std::uint64_t metric = reader.varint();
  if (!series || !reader.ok() || metric > 0xFFFF'FFFFULL) {
    return fail(ErrorCode::corrupt, "store: a row of the catalog is not what was written");
  }
  auto decoded = decode_series_key(row.substr(row.size() - reader.left()));
  if (!decoded) return fail(decoded.error());
  return SeriesDefinition{*series, MetricId{static_cast<std::uint32_t>(metric)}, std::move(*decoded)};
}

}  // namespace millrace
