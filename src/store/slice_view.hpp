#pragma once

#include <rocksdb/slice.h>

#include <string_view>

namespace millrace {

/// A RocksDB slice as the standard's view; valid as long as the slice's bytes.
[[nodiscard]] inline std::string_view view_of(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

}  // namespace millrace
