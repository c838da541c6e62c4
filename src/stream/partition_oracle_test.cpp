#include "store/rocks_store.hpp"
#include "store/scratch_store.hpp"
#include "stream/memory_store.hpp"
#include "stream/partition.hpp"
#include "stream/partition_fixture.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

// Any run of a partition (events in any order, commits at any point, failing ones, crashes, rows leaving memory)
// leaves what a naive fold of the log leaves.

namespace millrace {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::Event;
using testing::Oracle;
using testing::section_of;

constexpr Millis noon{1'790'000'040'000};
constexpr Millis long_ago{0};
constexpr Millis far_off{noon.value * 2};

using Figures = std::map<Oracle::Key, Rollup>;

/// A store, and how to make its next commit fail.
struct InMemory {
  MemoryStore store;
  static constexpr bool faults = true;
};
struct OnDisk {
  ScratchFolder folder;
  std::unique_ptr<RocksStore> rocks = std::move(RocksStore::open(folder.path(), {}).value());
  RocksStore& store = *rocks;
  static constexpr bool faults = false;
};

template <class Kept>
struct Run {
  Catalog catalog;
  Kept kept;
  decltype((kept.store)) store = kept.store;
  EngineOptions options;
  Millis wall = noon;
  Duration steady{50'000};
  std::vector<SeriesId> series;
  std::vector<SeriesId> all;  ///< Totals too, ascending.
  struct Block {
    std::shared_ptr<const Section> section;
    Millis arrival;
  };
  std::vector<Block> log;
  std::optional<Partition> partition;
  /// Rows handed out, with what they held then: nobody may write to them.
  std::vector<std::pair<std::shared_ptr<const Row>, std::pair<std::uint64_t, double>>> handed_out;

  Run() {
    for (const char* metric : {"cpu", "mem"}) {
      for (const char* source : {"a", "b", "c"}) series.push_back(catalog.intern({metric, source, {}}, noon).id);
    }
    for (std::uint32_t id = 0; id < catalog.size(); ++id) all.push_back(SeriesId{id});
    restart();
  }

  void restart() {
    const PartitionState state = *store.claim(PartitionId{0});
    partition.emplace(PartitionId{0}, options, catalog, store, state, ProducerMemory{}, steady);
    for (std::uint64_t at = state.next.value; at < log.size(); ++at) {
      RC_ASSERT(partition->fold(Offset{at}, log[at].section, log[at].arrival, "", 0, steady));
    }
  }
  void fold(const std::vector<std::tuple<int, int, int>>& picks) {
    std::vector<Event> events;
    for (const auto& [which, back, value] : picks) {
      events.push_back({series[static_cast<std::size_t>(which)], wall - Duration{back}, value / 8.0});
    }
    if (events.empty()) return;
    log.push_back({section_of(events), wall});
    RC_ASSERT(partition->fold(Offset{log.size() - 1}, log.back().section, wall, "", 0, steady));
  }
  void finish(bool fails) {
    if (!partition->committing()) return;
    const auto commit = build_commit(*partition->frozen(), catalog, store);
    RC_ASSERT(commit);
    if constexpr (Kept::faults) {
      if (!fails) return land(*commit);
      store.fail_commits(1, ErrorCode::no_space);
      RC_ASSERT(!store.commit(*commit));
    } else {
      if (!fails) land(*commit);
    }
  }
  void land(const Commit& commit) {
    RC_ASSERT(store.commit(commit));
    partition->on_committed(steady);
    if (store.status().commits % 3 != 0) return;
    while (*store.maintain(noon, std::min(commit.after.watermark, noon), {})) {
    }
  }
  void read() {
    for (const auto& row : partition->live({Level::ten_seconds, all, long_ago, far_off, true}).rows) {
      handed_out.push_back({row, {row->rollup.count, row->rollup.total()}});
    }
  }

  [[nodiscard]] Figures stored(Level level) const {
    Figures out;
    for (const SeriesId id : all) {
      RC_ASSERT(store.read({level, catalog.at(id).metric, std::span(&id, 1), long_ago, far_off, true, {}},
                           [&](const RowView& view) {
                             auto row = view.materialize();
                             RC_ASSERT(row);
                             out.emplace(Oracle::Key{row->series, row->bucket}, std::move(row->rollup));
                           }));
    }
    return out;
  }

  void expect_equal(const Figures& have, std::size_t blocks) const {
    Oracle oracle(catalog);
    for (std::size_t i = 0; i < blocks; ++i) oracle.fold(*log[i].section);
    RC_ASSERT(have.size() == oracle.values().size());
    for (const auto& [key, values] : oracle.values()) {
      const auto found = have.find(key);
      RC_ASSERT(found != have.end());
      RC_ASSERT(testing::difference(found->second, Oracle::figures(values)) == "");
    }
  }

  void check() {
    // I2: the store holds the fold of the log up to its offset, and nothing else.
    const PartitionState state = *store.state(PartitionId{0});
    const Figures tens = stored(Level::ten_seconds);
    expect_equal(tens, state.next.value);

    // Live first, then the store, the higher count wins: the fold of everything.
    Figures both = tens;
    for (const auto& row : partition->live({Level::ten_seconds, all, long_ago, far_off, true}).rows) {
      const auto [at, added] = both.try_emplace({row->series, row->bucket}, row->rollup);
      if (!added && at->second.count <= row->rollup.count) at->second = row->rollup;
    }
    expect_equal(both, log.size());

    // Every closed minute is the merge of its stored 10 s rows; an open one may be absent.
    Figures merged;
    for (const auto& [key, rollup] : tens) {
      const Millis minute = align_down(key.second, minutes(1));
      if (minute + minutes(1) <= state.watermark) merged.try_emplace({key.first, minute}).first->second.merge(rollup);
    }
    const Figures minutes_stored = stored(Level::minute);
    RC_ASSERT(minutes_stored.size() == merged.size());
    for (const auto& [key, want] : merged) {
      const auto found = minutes_stored.find(key);
      RC_ASSERT(found != minutes_stored.end());
      const Rollup& have = found->second;
      RC_ASSERT(std::tie(have.count, have.min, have.max, have.first, have.last, have.first_time, have.last_time) ==
                std::tie(want.count, want.min, want.max, want.first, want.last, want.first_time, want.last_time));
      RC_ASSERT(have.total() == want.total());
      RC_ASSERT(have.digest.count() == want.count);
    }

    // Raw points: live ones from raw_from on, stored ones before it.
    const LiveRows live = partition->live({Level::raw, all, long_ago, far_off, false});
    RC_ASSERT(live.raw_from.at(0) == state.next);
    Oracle oracle(catalog);
    for (const Block& block : log) oracle.fold(*block.section);
    for (const SeriesId id : series) {
      std::multimap<Millis, double> by_time;
      RC_ASSERT(store.read_raw({catalog.at(id).metric, std::span(&id, 1), long_ago, far_off},
                               [&](PartitionId, const RawPoint& point) { by_time.emplace(point.time, point.value); }));
      for (const RawPoint& point : live.raw) {
        if (point.series == id) by_time.emplace(point.time, point.value);
      }
      std::vector<RawPoint> have;
      for (const auto& [time, value] : by_time) have.push_back({id, time, value});
      RC_ASSERT(have == oracle.raw(id));
    }

    for (const auto& [row, held] : handed_out) {
      RC_ASSERT(row->rollup.count == held.first);
      RC_ASSERT(row->rollup.total() == held.second);
    }
  }
};

/// How far an event's time is behind the clock: mostly a little, sometimes ahead or hours late.
rc::Gen<int> lag() {
  return rc::gen::weightedOneOf<int>({{12, rc::gen::inRange(0, 15'000)},
                                      {3, rc::gen::inRange(0, 120'000)},
                                      {1, rc::gen::inRange(0, 2 * 3'600'000)},
                                      {1, rc::gen::inRange(-1'800'000, 0)}});
}

template <class Kept>
void random_run() {
  Run<Kept> run;
  const int steps = *rc::gen::inRange(1, 60);
  for (int i = 0; i < steps; ++i) {
    switch (*rc::gen::weightedElement<int>({{10, 0}, {4, 1}, {4, 2}, {1, 3}, {1, 4}, {4, 5}, {2, 6}, {2, 7}})) {
      case 0:
        run.fold(*rc::gen::container<std::vector<std::tuple<int, int, int>>>(
            rc::gen::tuple(rc::gen::inRange(0, 6), lag(), rc::gen::inRange(-800, 800))));
        break;
      case 1:
        if (!run.partition->committing()) run.partition->freeze(0, run.steady);
        break;
      case 2: run.finish(false); break;
      case 3: run.finish(true); break;
      case 4: run.restart(); break;
      case 5: {
        const Duration by{*rc::gen::inRange(0, 30'000)};
        run.wall = run.wall + by;
        run.steady += by;
        run.partition->idle(run.wall, run.steady);
        break;
      }
      case 6:
        run.steady += run.options.keep_after_commit;
        while (run.partition->evict(run.steady)) {
        }
        break;
      case 7: run.read(); break;
      default: break;
    }
    if (i % 8 == 7) run.check();
  }
  run.check();
}

TEST(PartitionOracle, AnyRunLeavesWhatANaiveFoldOfTheLogLeaves) { EXPECT_TRUE(rc::check(random_run<InMemory>)); }

TEST(PartitionOracle, AnyRunOnTheEmbeddedStoreLeavesTheSame) {
  int runs = 0;
  EXPECT_TRUE(rc::check([&] {
    if (++runs <= 25) random_run<OnDisk>();
  }));
}

}  // namespace
}  // namespace millrace
