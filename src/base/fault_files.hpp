#pragma once

#include "base/files.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace millrace {

/// Files in memory that fail on request: for tests and simulation. Safe from any thread.
///
/// What was synced and what was not are kept apart: content by file, creations, renames and removals by directory
/// (directories themselves are durable at once). Losing power drops all that was not synced, or, with a seed, keeps
/// what a disk may happen to keep: of a file's unsynced tail any prefix, in which sectors of 512 B may still be zero;
/// of a directory's changes any prefix, in order; a truncation or not.
class FaultFiles final : public Files {
 public:
  FaultFiles();
  ~FaultFiles() override;
  FaultFiles(const FaultFiles&) = delete;
  FaultFiles& operator=(const FaultFiles&) = delete;

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

  /// Operations so far: every call that changes something or syncs counts one; reads don't.
  [[nodiscard]] std::uint64_t operations() const;
  /// Syncs of files so far, failed ones included.
  [[nodiscard]] std::uint64_t syncs() const;

  /// The operation after `more` further ones fails with `io` and has no effect (a write: any effect of its prefix).
  void fail_operation_after(std::uint64_t more);
  /// From the operation after `more` further ones on, everything fails with `io`, until lose_power. That operation
  /// itself takes place, unsynced, if it is a write.
  void cut_power_after(std::uint64_t more);
  /// The file sync after `more` further ones fails, and on that handle all later ones; what was written stays unsynced.
  void fail_sync_after(std::uint64_t more);
  /// All files together may hold `bytes`; a write beyond puts down what fits and fails with `no_space`.
  void fill_up_at(std::uint64_t bytes);
  /// Room without end again.
  void free_space();
  /// Called before each file sync, without a lock held: a test may block in it to play a slow disk.
  void before_sync(std::function<void()> hook);

  /// The power goes and comes back: unsynced changes are dropped, open handles are dead, faults that were asked for
  /// are forgotten.
  void lose_power();
  /// The same, but of what was not synced a part survives, chosen by `seed`.
  void lose_power(std::uint64_t seed);

  /// Inverts the bits of `mask` in one byte, on the disk: no operation, nothing to sync.
  void flip(const std::string& path, std::uint64_t at, std::uint8_t mask = 1);
  /// Puts a file there, synced: no operation.
  void put(const std::string& path, std::string bytes);

 private:
  struct Disk;
  class Handle;
  std::shared_ptr<Disk> disk_;
};

}  // namespace millrace
