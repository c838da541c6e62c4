#pragma once

#include "store/rocks_store.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

namespace millrace {

/// A data folder of a test's own, gone with it.
class ScratchFolder {
 public:
  ScratchFolder() {
    static std::atomic<int> number{0};
    path_ = std::filesystem::temp_directory_path() /
            ("millrace-store-" + std::to_string(::getpid()) + "-" + std::to_string(++number));
    std::filesystem::remove_all(path_);
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// Traits of store_suite for the embedded store.
struct RocksTraits {
  /// The open store with both its faces.
  struct Opened {
    std::unique_ptr<RocksStore> rocks;
    Store& store() { return *rocks; }
    Documents& documents() { return *rocks; }
  };

  std::unique_ptr<Opened> fresh() { return open(); }
  void reopen(std::unique_ptr<Opened>& opened) {
    opened.reset();
    opened = open();
  }

 private:
  std::unique_ptr<Opened> open() {
    auto store = RocksStore::open(folder_.path(), {});
    EXPECT_TRUE(store.has_value()) << (store ? "" : store.error().message);
    return std::make_unique<Opened>(Opened{store ? std::move(*store) : nullptr});
  }

  ScratchFolder folder_;
};

}  // namespace millrace
