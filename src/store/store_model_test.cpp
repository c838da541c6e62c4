#include "store/scratch_store.hpp"
#include "store/store_suite.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <thread>
#include <tuple>

namespace millrace {
namespace {

using namespace store_suite;

constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t hours = 8;
constexpr std::uint32_t series_count = 24;
constexpr std::uint16_t partitions = 3;

/// Ids spread over two shards.
std::uint32_t id_of(std::uint32_t number) { return number * 1'000; }

/// By series and time; equal times keep their order.
std::vector<RawPoint> by_time(const std::vector<RawPoint>& points) {
  std::multimap<std::pair<SeriesId, Millis>, RawPoint> sorted;
  for (const RawPoint& point : points) sorted.emplace(std::pair(point.series, point.time), point);
  std::vector<RawPoint> out;
  for (const auto& [key, point] : sorted) out.push_back(point);
  return out;
}

/// What the store ought to hold, as plain maps.
struct Oracle {
  std::map<std::tuple<Level, PartitionId, SeriesId, std::int64_t>, Seen> rows;
  std::map<std::pair<PartitionId, SeriesId>, std::vector<RawPoint>> points;  ///< As accepted.

  [[nodiscard]] std::vector<Seen> read(Level level, const std::vector<SeriesId>& series, std::int64_t from,
                                       std::int64_t to) const {
    std::vector<Seen> found;
    for (const auto& [key, row] : rows) {
      const auto& [at, partition, id, bucket] = key;
      if (at == level && bucket >= from && bucket < to && std::find(series.begin(), series.end(), id) != series.end()) {
        found.push_back(row);
      }
    }
    return found;
  }
  [[nodiscard]] std::vector<RawPoint> read_raw(const std::vector<SeriesId>& series, std::int64_t from,
                                               std::int64_t to) const {
    std::vector<RawPoint> found;
    for (auto [key, all] : points) {
      if (std::find(series.begin(), series.end(), key.second) == series.end()) continue;
      all = by_time(all);
      for (const RawPoint& point : all) {
        if (point.time.value >= from && point.time.value < to) found.push_back(point);
      }
    }
    return found;
  }
};

/// A run of random commits, reads, maintenance and reopens, from a seed.
class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : random_(seed) { open(); }

  void run(int steps) {
    for (int step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
      switch (below(10)) {
        case 0: open(); break;
        case 1:
        case 2: maintain(); break;
        case 3:
        case 4: compare(); break;
        default: commit(); break;
      }
    }
    compare_all();
    maintain_all(store(), noon + (hours * hour), noon + (hours * hour));
    compare_all();
    open();
    compare_all();
  }

 private:
  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(limit));
  }
  Store& store() { return opened_->store(); }

  void open() {
    if (!opened_) {
      opened_ = traits_.fresh();
    } else {
      traits_.reopen(opened_);
    }
    owners_.clear();
    for (std::uint16_t p = 0; p < partitions; ++p) owners_.emplace_back(store(), PartitionId{p});
  }

  void commit() {
    const PartitionId partition{static_cast<std::uint16_t>(below(partitions))};
    Owner& owner = owners_[partition.value];
    Commit commit = owner.next();
    std::map<std::tuple<Level, SeriesId, std::int64_t>, std::shared_ptr<const Row>> rows;
    // Mostly around the present, sometimes late.
    present_ = std::min(present_ + below(120'000), hours * hour - 1);
    for (std::int64_t i = below(60); i > 0; --i) {
      const std::int64_t at = below(8) == 0 ? below(present_ + 1) : std::max<std::int64_t>(0, present_ - below(60'000));
      const Level level = below(3) == 0 ? Level::minute : Level::ten_seconds;
      const std::uint32_t id = id_of(static_cast<std::uint32_t>(below(series_count)));
      const std::int64_t bucket = noon + at - (at % width(level).count());
      std::vector<double> values;
      for (std::int64_t n = 1 + below(12); n > 0; --n) values.push_back(static_cast<double>(below(10'000)) / 100);
      if (below(20) == 0) values.push_back(1.0 / static_cast<double>(1 + below(7)));
      rows[{level, SeriesId{id}, bucket}] = row_of(partition, id, bucket, values);
    }
    for (const auto& [key, row] : rows) {
      (std::get<0>(key) == Level::minute ? commit.minutes : commit.rows).push_back(row);
    }
    std::shuffle(commit.rows.begin(), commit.rows.end(), random_);
    for (std::int64_t i = below(80); i > 0; --i) {
      const std::int64_t at = std::max<std::int64_t>(0, present_ - below(90'000));
      commit.raw.push_back({SeriesId{id_of(static_cast<std::uint32_t>(below(series_count)))},
                            Millis{noon + at - at % 100}, static_cast<double>(below(1'000)) / 10});
    }
    commit.raw = by_time(commit.raw);
    for (std::uint32_t s = 0; s < series_count; ++s) commit.definitions.push_back(define(id_of(s)));
    commit.after.watermark = Millis{noon + present_};
    ASSERT_TRUE(owner.send(commit).has_value());
    for (const auto& [key, row] : rows) {
      oracle_.rows.insert_or_assign({std::get<0>(key), partition, row->series, row->bucket.value}, seen(*row));
    }
    for (const RawPoint& point : commit.raw) oracle_.points[{partition, point.series}].push_back(point);
  }

  void maintain() {
    for (std::int64_t slices = below(6); slices >= 0; --slices) {
      ASSERT_TRUE(store().maintain(Millis{noon + present_}, Millis{noon + present_}, {}).has_value());
    }
  }

  void compare() {
    std::vector<SeriesId> some;
    for (std::uint32_t s = 0; s < series_count; ++s) {
      if (below(3) == 0) some.emplace_back(id_of(s));
    }
    const std::int64_t from = noon + below(hours * hour);
    const std::int64_t to = from + below(3 * hour);
    compare(some, from, to);
  }

  void compare_all() {
    std::vector<SeriesId> all;
    for (std::uint32_t s = 0; s < series_count; ++s) all.emplace_back(id_of(s));
    compare(all, noon, noon + (hours * hour));
  }

  void compare(const std::vector<SeriesId>& series, std::int64_t from, std::int64_t to) {
    for (const Level level : {Level::ten_seconds, Level::minute}) {
      ASSERT_EQ(read(store(), level, series, from, to), oracle_.read(level, series, from, to));
    }
    ASSERT_EQ(read_raw(store(), series, from, to), oracle_.read_raw(series, from, to));
    for (std::int64_t h = 0; h < hours; ++h) {
      const std::int64_t start = noon + (h * hour);
      if (*store().hours_derived(Millis{start}, Millis{start + hour})) compare_hour(series, start);
    }
  }

  /// A derived hour counts what its minutes count.
  void compare_hour(const std::vector<SeriesId>& series, std::int64_t start) {
    std::map<std::pair<PartitionId, SeriesId>, std::uint64_t> expected;
    for (const Seen& row : oracle_.read(Level::minute, series, start, start + hour)) {
      expected[{row.partition, row.series}] += row.count;
    }
    std::map<std::pair<PartitionId, SeriesId>, std::uint64_t> got;
    for (const Seen& row : read(store(), Level::hour, series, start, start + hour)) {
      got[{row.partition, row.series}] += row.count;
    }
    ASSERT_EQ(got, expected);
  }

  std::mt19937_64 random_;
  RocksTraits traits_;
  std::unique_ptr<RocksTraits::Opened> opened_;
  std::vector<Owner> owners_;
  Oracle oracle_;
  std::int64_t present_ = 0;
};

TEST(StoreModel, AgreesWithPlainMapsWhateverHappens) {
  for (const std::uint64_t seed : {1ULL, 2ULL, 3ULL}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation(seed).run(250);
    if (HasFailure()) return;
  }
}

TEST(StoreModel, ReadsSeeWholeCommitsWhileMergesGoOn) {
  RocksTraits traits;
  const auto opened = traits.fresh();
  Store& store = opened->store();
  constexpr std::int64_t commits = 150;
  std::atomic<std::int64_t> committed{0};
  std::atomic<bool> done{false};
  std::thread merger([&] {
    while (!done) ASSERT_TRUE(store.maintain(Millis{noon}, Millis{noon}, {}).has_value());
  });
  std::thread writer([&] {
    Owner owner(store, PartitionId{0});
    for (std::int64_t i = 0; i < commits; ++i) {
      const std::int64_t bucket = noon + (i * 10'000);
      ASSERT_TRUE(
          owner.rows({row_of(PartitionId{0}, 1, bucket, {1}), row_of(PartitionId{0}, 2, bucket, {1})}).has_value());
      committed = i + 1;
    }
    done = true;
  });
  while (!done) {
    const std::int64_t least = committed;
    std::map<SeriesId, std::int64_t> rows;
    for (const Seen& row : read(store, Level::ten_seconds, {SeriesId{1}, SeriesId{2}}, noon, noon + hour)) {
      ++rows[row.series];
    }
    ASSERT_EQ(rows[SeriesId{1}], rows[SeriesId{2}]);
    ASSERT_GE(rows[SeriesId{1}], least);
  }
  writer.join();
  merger.join();
  EXPECT_EQ(read(store, Level::ten_seconds, {SeriesId{1}}, noon, noon + hour).size(),
            static_cast<std::size_t>(commits));
}

}  // namespace
}  // namespace millrace
