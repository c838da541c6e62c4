#pragma once

#include "base/result.hpp"

#include <string>

namespace millrace {

/// The folder that holds everything that is kept, held by one process at a time.
///
/// Layout: LOCK (held by flock, names the pid), journal/, store/, control.sock.
class DataFolder {
 public:
  /// Makes the folder (mode 0700) if absent. Errors: `conflict` naming the other process, `io` if it is not writable.
  static Result<DataFolder> open(const std::string& path);
  DataFolder(DataFolder&& other) noexcept;
  DataFolder& operator=(DataFolder&& other) noexcept;
  DataFolder(const DataFolder&) = delete;
  DataFolder& operator=(const DataFolder&) = delete;
  ~DataFolder();

  [[nodiscard]] std::string journal() const { return path_ + "/journal"; }
  [[nodiscard]] std::string store() const { return path_ + "/store"; }
  [[nodiscard]] std::string control() const { return path_ + "/control.sock"; }

 private:
  DataFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::string path_;
  int lock_ = -1;
};

}  // namespace millrace
