#pragma once

#include "base/result.hpp"
#include "store/page_cursor.hpp"
#include "store/page_key.hpp"
#include "store/store.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>

namespace millrace {

class RocksDatabase;
class RowGathering;

/// The store's background work, a slice at a time: dropping what retention lets go, deriving hours, merging runs.
///
/// A slice touches one group of pages (or all that retention drops, which costs next to nothing) and is one batch, so
/// it may end the process at any point. Beside commits and reads; of two slices at once the second does nothing.
class Maintenance {
 public:
  explicit Maintenance(RocksDatabase& database) : database_(database) {}

  /// As Store::maintain.
  [[nodiscard]] Result<bool> slice(Millis now, Millis final_until, const Retention& retention);
  /// Notes that the groups got another run.
  void note(const std::set<GroupKey>& groups);

  void confirm_retention() { confirmed_ = true; }
  [[nodiscard]] bool retention_waits() const { return waits_; }

 private:
  /// Each does at most one step of its work and tells whether it did one.
  Result<bool> retain(Millis now, const Retention& retention);
  Result<bool> derive(Millis final_until);
  Result<bool> merge(Millis final_until);
  /// Reads on in the index for groups that were left unmerged by an earlier process; true if there is more.
  Result<bool> scan();

  Result<bool> derive_hour(const HourKey& hour, const std::string& mark, const PageSource& source);
  /// Writes an hour's rows, unless a commit touched the hour since `mark` was read.
  Result<bool> put_hour(const HourKey& hour, const std::string& mark, RowGathering& gathered);
  Result<void> merge_rows(const GroupKey& group, std::span<const Run> runs, const PageSource& source);
  Result<void> merge_points(const GroupKey& group, std::span<const Run> runs, const PageSource& source);
  void wait_until_closed(const GroupKey& group);
  std::optional<GroupKey> take_group(Millis final_until);

  RocksDatabase& database_;
  std::mutex slice_mutex_;
  std::atomic<bool> confirmed_{false};
  std::atomic<bool> waits_{false};

  std::mutex groups_mutex_;
  std::set<GroupKey> groups_;                     ///< To be looked at.
  std::map<Millis, std::set<GroupKey>> waiting_;  ///< To be looked at again when their span is closed, by its end.
  std::string scanned_;                           ///< Key in the index up to which scan() has read.
  bool scan_done_ = false;
  Millis minutes_from_ = Millis::never();  ///< Retention has begun to drop 1 m rows before this.
};

}  // namespace millrace
