#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// A file opened for appending.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  /// Appends all of `bytes` or fails; after a failure an unknown prefix of them may stand in the file.
  virtual Result<void> append(std::string_view bytes) = 0;
  /// Returns after everything appended so far survives a loss of power. After one failure it fails for good:
  /// the kernel may have dropped the pages, so a retry on the same descriptor would lie.
  virtual Result<void> sync() = 0;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
};

/// The door to the file system. SystemFiles is the real one; FaultFiles (tests) drops unsynced bytes, tears writes,
/// fails fsync, fills up and stalls. Paths are plain strings; errors name the file, not the whole path.
class Files {
 public:
  virtual ~Files() = default;

  /// Makes the directory and those above it; fine if it is there.
  virtual Result<void> make_directory(const std::string& path) = 0;
  /// Names (not paths) of the files in a directory, sorted.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  virtual Result<std::string> read(const std::string& path) = 0;
  /// At most `size` bytes from `offset`; shorter at the end of the file.
  virtual Result<std::string> read(const std::string& path, std::uint64_t offset, std::size_t size) = 0;
  virtual Result<std::uint64_t> size(const std::string& path) = 0;
  /// Opens for appending; creates it if absent.
  virtual Result<std::unique_ptr<AppendFile>> append(const std::string& path) = 0;
  virtual Result<void> truncate(const std::string& path, std::uint64_t size) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;
  /// Makes creations, renames and removals in the directory survive a loss of power.
  virtual Result<void> sync_directory(const std::string& path) = 0;
};

/// The operating system's files.
class SystemFiles final : public Files {
 public:
  Result<void> make_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<std::string> read(const std::string& path) override;
  Result<std::string> read(const std::string& path, std::uint64_t offset, std::size_t size) override;
  Result<std::uint64_t> size(const std::string& path) override;
  Result<std::unique_ptr<AppendFile>> append(const std::string& path) override;
  Result<void> truncate(const std::string& path, std::uint64_t size) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
};

}  // namespace millrace
