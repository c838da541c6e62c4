#pragma once

#include "app/config.hpp"
#include "app/data_folder.hpp"
#include "base/result.hpp"
#include "store/rocks_store.hpp"

#include <memory>

namespace millrace {

/// The store that the configuration asks for, in an opened data folder.
[[nodiscard]] Result<std::unique_ptr<RocksStore>> open_store(const Config& config, const DataFolder& folder);

}  // namespace millrace
