#include "app/open_store.hpp"

namespace millrace {

Result<std::unique_ptr<RocksStore>> open_store(const Config& config, const DataFolder& folder) {
  RocksOptions options;
  options.bucket = config.stream.bucket;
  options.compression = config.stream.compression;
  options.partitions = static_cast<std::uint16_t>(config.log.partitions);
  return RocksStore::open(folder.store(), options);
}

}  // namespace millrace
