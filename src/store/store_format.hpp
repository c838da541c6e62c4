#pragma once

#include "base/result.hpp"
#include "model/series.hpp"
#include "store/rocks_store.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// Compares `options` with what is written down in the folder's file STORE, before anything else is opened; writes
/// it for a new folder. `unsupported_version` and `invalid_argument` name the steps to take, and touch nothing.
[[nodiscard]] Result<void> agree_on_format(const std::string& path, const RocksOptions& options);

/// Where RocksDB's own files lie.
[[nodiscard]] std::string database_folder(const std::string& path);

/// The catalog's rows: series id, big-endian -> metric (varint), key bytes.
[[nodiscard]] std::string catalog_key(SeriesId series);
[[nodiscard]] std::string catalog_row(const SeriesDefinition& definition);
[[nodiscard]] std::optional<SeriesId> series_of_catalog_key(std::string_view key);
[[nodiscard]] std::optional<MetricId> metric_of_catalog_row(std::string_view row);
[[nodiscard]] Result<SeriesDefinition> decode_catalog_row(std::string_view key, std::string_view row);

}  // namespace millrace
