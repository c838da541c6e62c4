#pragma once

#include "base/types.hpp"
#include "catalog/catalog.hpp"
#include "model/rollup.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <vector>

namespace millrace {

/// Width of the rows that are folded.
inline constexpr Duration bucket_width = width(Level::ten_seconds);

/// The rows of one minute that wait for it to close, so that its 1 m rows can be merged from them.
struct OpenMinute {
  Millis start;
  std::vector<std::shared_ptr<const Row>> touched;  ///< Each (series, bucket) once, newest version; null: evicted.
  std::vector<SeriesId> evicted;                    ///< Series of rows that left memory before the minute closed.
  bool complete = true;  ///< `touched` is all there is; else the store may hold more of the same series.
  bool whole = false;    ///< The store may hold rows of any series that wait too (an owner before this one left them).
};

/// What RowTable::freeze took out: never written again.
struct FrozenRows {
  std::uint32_t round = 0;
  std::vector<std::shared_ptr<const Row>> rows;  ///< Touched since the freeze before.
  std::vector<OpenMinute> minutes;               ///< Closed now.
};

/// The 10 s rows of one partition in memory: a write-back cache found by series and bucket.
///
/// A round is the time between two freezes. The first touch of a row in a round notes it as dirty; a row that was
/// handed out (to a commit under way or a reader) is never written again: the next touch copies it. So a freeze costs
/// nothing a row. Rows whose commit is done leave by evict(). Not thread-safe: owned by its partition.
class RowTable {
 public:
  RowTable(PartitionId partition, double compression, const Catalog& catalog);
  ~RowTable();

  /// Every bucket up to this one may have rows in the store that this table has never seen.
  /// Minutes that end after `watermark` have no 1 m rows yet, though they may have 10 s rows there.
  void expect_stored_up_to(Millis bucket, Millis watermark);
  /// True if a row of this bucket that is not here may be in the store.
  [[nodiscard]] bool maybe_stored(Millis bucket) const { return bucket <= stored_up_to_ || evicted_.contains(bucket); }
  /// No bucket at or after this one is maybe_stored.
  [[nodiscard]] Millis stored_end() const;

  /// The row to fold into, made now if it is not here.
  Rollup& writable(SeriesId series, Millis bucket) {
    Slot& slot = slot_of(series);
    if (slot.round == round_ && slot.bucket == bucket) [[likely]]
      return slot.row->rollup;
    return touch(slot, series, bucket);
  }
  /// The total of the series' metric.
  SeriesId total_of(SeriesId series) {
    Slot& slot = slot_of(series);
    if (slot.total != no_total) [[likely]]
      return SeriesId{slot.total};
    return find_total(slot, series);
  }

  /// Puts a row that the store holds; nothing if one is here.
  void put_stored(Row row);
  [[nodiscard]] bool contains(SeriesId series, Millis bucket) const;
  /// The row as it is now, immutable; null if it is not here.
  [[nodiscard]] std::shared_ptr<const Row> share(SeriesId series, Millis bucket);
  /// All rows of `series` (ascending) with bucket in [from, to), by bucket.
  [[nodiscard]] std::vector<std::shared_ptr<const Row>> share(std::span<const SeriesId> series, Millis from, Millis to);
  /// Starts of buckets with rows here, in [from, to).
  [[nodiscard]] std::vector<Millis> buckets(Millis from, Millis to) const;
  [[nodiscard]] bool has_bucket(Millis bucket) const { return buckets_.contains(bucket); }

  [[nodiscard]] std::size_t dirty() const { return dirty_.size(); }
  [[nodiscard]] std::size_t size() const { return rows_; }
  /// True if a minute that ends at or before `watermark` has rows that its 1 m rows don't stand for.
  [[nodiscard]] bool minute_due(Millis watermark) const;

  /// Takes what was touched in this round, and the minutes that `watermark` has closed; begins the next round.
  FrozenRows freeze(Millis watermark);
  /// The rows of this round are in the store.
  void committed(std::uint32_t round);

  /// Takes rows out that were touched last in `round` or before, from one bucket at a time; true if there may be
  /// more. What left is put into `garbage`, to be freed where it does not disturb.
  bool evict(std::uint32_t round, Millis watermark, std::vector<std::shared_ptr<const Row>>& garbage);
  /// Frees the slots of series that were not touched since `round`.
  void forget_slots(std::uint32_t round);

 private:
  static constexpr std::uint32_t no_total = 0xFFFF'FFFF;
  static constexpr std::uint32_t page_bits = 10;

  /// Where a series was folded last. `row` is valid only in the round that it was set in.
  struct Slot {
    Row* row = nullptr;
    Millis bucket;
    std::uint32_t round = 0;
    std::uint32_t total = no_total;
  };
  struct Page;
  struct Live;
  class Bucket;
  struct Minute;

  Slot& slot_of(SeriesId series) {
    const std::uint32_t page = series.value >> page_bits;
    if (page >= slots_.size() || slots_[page] == nullptr) [[unlikely]]
      return make_slot(series);
    return slots_[page][series.value & ((1U << page_bits) - 1)];
  }
  Slot& make_slot(SeriesId series);
  Rollup& touch(Slot& slot, SeriesId series, Millis bucket);
  SeriesId find_total(Slot& slot, SeriesId series) const;
  Bucket& bucket_of(Millis start);
  Minute& minute_of(Millis start);
  void note_minute(Bucket& bucket, Live& live, bool replaced);
  [[nodiscard]] bool in_flight(const Live& live) const;
  std::shared_ptr<const Row> hand_out(Live& live);

  PartitionId partition_;
  double compression_;
  const Catalog& catalog_;

  std::vector<std::unique_ptr<Slot[]>> slots_;
  std::map<Millis, std::unique_ptr<Bucket>> buckets_;
  Bucket* recent_ = nullptr;
  std::map<Millis, std::unique_ptr<Minute>> minutes_;
  std::uint32_t marks_ = 0;  ///< Given to minutes, so that a row knows whether its place in one is still good.
  std::vector<std::shared_ptr<const Row>> dirty_;
  std::size_t rows_ = 0;
  std::uint32_t round_ = 1;
  std::uint32_t committed_ = 0;        ///< Rounds up to this one are in the store.
  std::vector<std::uint32_t> flying_;  ///< Marks of the minutes in the commit under way, ascending.

  Millis stored_up_to_ = Millis::never();
  Millis minutes_written_ = Millis::never();  ///< Minutes that end at or before were frozen once.
  std::set<Millis> evicted_;                  ///< Buckets of which rows have left.
  Millis swept_ = Millis::never();            ///< Where evict() goes on.
};

}  // namespace millrace
