#pragma once

#include "base/result.hpp"
#include "catalog/catalog.hpp"
#include "model/event_batch.hpp"
#include "model/producer_memory.hpp"
#include "store/store.hpp"
#include "stream/engine.hpp"
#include "stream/frozen.hpp"
#include "stream/row_table.hpp"
#include "stream/watermark.hpp"

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

/// Memory that one event takes in a section: in a queue, and until its raw point is committed.
inline constexpr std::uint64_t event_bytes = sizeof(SeriesId) + sizeof(Millis) + sizeof(double);

/// A partition of the stream engine: a write-back cache of rollups, with its offset.
///
/// No threads, no clock: time comes as an argument (`steady` monotonic, `wall` as arrival stamps), so every run can be
/// repeated. Between freeze() and on_committed() one commit is under way; folding goes on meanwhile, on copies.
/// Stored rows that late events touch are read from the Store, which is the only thing that can fail here.
class Partition {
 public:
  Partition(PartitionId id, const EngineOptions& options, const Catalog& catalog, Store& store,
            const PartitionState& claimed, ProducerMemory producers, Duration steady);

  struct Folded {
    std::uint64_t events = 0;
    std::uint64_t late = 0;  ///< Of them, events whose bucket was final by this partition's watermark.
  };
  /// Folds a section in; one below next() has been folded before and is passed over. Errors are those of
  /// Store::read, and then nothing has changed: try again later.
  Result<Folded> fold(Offset offset, std::shared_ptr<const Section> section, Millis arrival, std::string_view producer,
                      std::uint64_t sequence, Duration steady);

  /// Time passes while no section waits: an idle partition's watermark moves on.
  void idle(Millis wall, Duration steady) { watermark_.pass(wall, steady); }
  /// Not idle: the log is being replayed.
  void busy(Duration steady) { watermark_.busy(steady); }
  /// Lets rows go whose time in memory is over, a slice of them; true if more wait. Call between batches.
  bool evict(Duration steady);
  /// What evict() took out, to be freed on another thread.
  [[nodiscard]] std::vector<std::shared_ptr<const Row>> take_garbage() { return std::exchange(garbage_, {}); }

  /// Rows and raw points that the store may not hold yet. raw_from has one entry, this partition's.
  [[nodiscard]] LiveRows live(const LiveRequest& request);

  /// True if anything was folded since the last freeze, or minutes were closed.
  [[nodiscard]] bool dirty() const;
  /// True if it is time to commit: a minute was closed, or the interval, events or bytes are reached.
  [[nodiscard]] bool commit_due(Duration steady) const;
  /// True if so much waits behind the commit under way that folding must stop.
  [[nodiscard]] bool full() const;
  [[nodiscard]] bool committing() const { return committing_; }
  /// The commit under way; null if there is none.
  [[nodiscard]] const std::shared_ptr<const Frozen>& frozen() const { return frozen_; }
  /// Everything since the last freeze. `defined` = ids below are in the store. Only if no commit is under way.
  std::shared_ptr<const Frozen> freeze(std::uint32_t defined, Duration steady);
  /// The frozen commit is in the store. Answers it, to be freed on another thread.
  std::shared_ptr<const Frozen> on_committed(Duration steady);

  /// Reads rows into memory that may be in the store and are not here; series ascending, of one metric.
  Result<void> load(std::span<const SeriesId> series, Millis from, Millis to);

  [[nodiscard]] PartitionId id() const { return id_; }
  [[nodiscard]] Epoch epoch() const { return epoch_; }
  [[nodiscard]] Offset next() const { return next_; }
  [[nodiscard]] Offset committed() const { return committed_; }
  [[nodiscard]] const Watermark& watermark() const { return watermark_; }
  [[nodiscard]] const ProducerMemory& producers() const { return producers_; }
  [[nodiscard]] RowTable& rows() { return rows_; }
  [[nodiscard]] const RowTable& rows() const { return rows_; }
  [[nodiscard]] std::uint64_t loaded() const { return loaded_; }

  /// Event times folded since the last call, as [low, high] by bucket; low > high: none.
  struct Span {
    Millis low{std::numeric_limits<std::int64_t>::max()};
    Millis high = Millis::never();
  };
  [[nodiscard]] Span take_touched() { return std::exchange(touched_, {}); }

 private:
  Result<void> load_missing(const Section& section);
  [[nodiscard]] bool over_limit() const;
  struct Key {
    MetricId metric;
    Millis hour;
    SeriesId series;
    Millis bucket;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  Result<void> load_keys(std::vector<Key> keys);

  PartitionId id_;
  EngineOptions options_;
  const Catalog& catalog_;
  Store& store_;
  Epoch epoch_;
  Offset next_;
  Offset committed_;
  ProducerMemory producers_;
  std::string producers_bytes_;
  bool producers_changed_ = false;
  Watermark watermark_;
  RowTable rows_;
  Span touched_;
  std::vector<RawChunk> raw_;
  std::uint64_t raw_events_ = 0;

  bool committing_ = false;
  std::shared_ptr<const Frozen> frozen_;
  Duration last_freeze_;
  struct Leaving {
    std::uint32_t round;
    Duration at;
  };
  std::deque<Leaving> leaving_;  ///< Rounds that were committed, and when their rows may go.
  std::uint32_t evicting_ = 0;   ///< Rows touched last in this round or before may go.
  bool evicting_now_ = false;
  std::vector<std::shared_ptr<const Row>> garbage_;
  std::uint64_t loaded_ = 0;
};

}  // namespace millrace
