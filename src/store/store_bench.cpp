#include "store/rocks_database.hpp"
#include "store/rocks_store.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <random>

// Work A's shape: metrics x sources, each series a random walk with two decimals, one value a second.
namespace millrace {
namespace {

constexpr std::uint32_t metrics = 10;
constexpr std::uint32_t filled_metrics = 2;  // of an_hour(): filling all of them takes minutes
constexpr std::uint32_t sources = 1'000;
constexpr std::uint32_t all_series = metrics * sources;
constexpr std::uint16_t partitions = 4;
constexpr std::int64_t day = 24LL * 3'600'000;
constexpr std::int64_t start = 20'000 * day;

/// A store in a folder of its own, filled minute by minute.
class Filled {
 public:
  Filled() : folder_(std::filesystem::temp_directory_path() / "millrace-store-bench") {
    std::filesystem::remove_all(folder_);
    auto opened = RocksStore::open(folder_.string(), {});
    if (!opened) {
      std::fprintf(stderr, "%s\n", opened.error().message.c_str());
      std::abort();
    }
    store_ = std::move(*opened);
    for (std::uint16_t p = 0; p < partitions; ++p) states_.push_back(*store_->claim(PartitionId{p}));
    for (std::uint32_t s = 0; s < all_series; ++s)
      walks_.push_back(5'000 + static_cast<std::int64_t>(random_() % 2'000));
  }
  ~Filled() {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  /// Makes the next minute of a partition's series: six rows of ten values, a minute's row, sixty points.
  Commit minute(std::uint16_t partition, std::int64_t minute, bool raw, std::uint32_t of_metrics = metrics) {
    Commit commit;
    commit.partition = PartitionId{partition};
    commit.epoch = states_[partition].epoch;
    commit.expected = states_[partition].next;
    commit.after = states_[partition];
    ++commit.after.next.value;
    const std::int64_t begin = start + (minute * 60'000);
    commit.after.watermark = Millis{begin + 60'000};
    for (std::uint32_t s = 0; s < all_series; ++s) {
      if ((s / metrics) % partitions != partition || s % metrics >= of_metrics) continue;
      if (minute == 0) {
        commit.definitions.push_back(
            {SeriesId{s},
             MetricId{s % metrics},
             {"metric-" + std::to_string(s % metrics), "source-" + std::to_string(s / metrics), {}}});
      }
      Row whole{commit.partition, SeriesId{s}, Millis{begin}, Rollup(Digest::default_compression)};
      for (int b = 0; b < 6; ++b) {
        Row row{commit.partition, SeriesId{s}, Millis{begin + (b * 10'000)}, Rollup(Digest::default_compression)};
        for (int i = 0; i < 10; ++i) {
          walks_[s] += static_cast<std::int64_t>(random_() % 101) - 50;
          const double value = static_cast<double>(walks_[s]) / 100;
          const Millis at{row.bucket.value + (i * 1'000) + (s % 1'000)};
          row.rollup.add(value, at);
          if (raw) commit.raw.push_back({SeriesId{s}, at, value});
        }
        whole.rollup.merge(row.rollup);
        commit.rows.push_back(std::make_shared<const Row>(std::move(row)));
      }
      commit.minutes.push_back(std::make_shared<const Row>(std::move(whole)));
    }
    return commit;
  }
  void send(const Commit& commit) {
    if (const auto done = store_->commit(commit); !done) {
      std::fprintf(stderr, "%s\n", done.error().message.c_str());
      std::abort();
    }
    states_[commit.partition.value] = commit.after;
  }
  void maintain(std::int64_t until) {
    while (*store_->maintain(Millis{until}, Millis{until}, {})) {
    }
  }
  RocksStore& store() { return *store_; }
  /// Closes the store and adds up the bytes of pages by level, digests included, as the index has them.
  std::array<std::uint64_t, 4> bytes_by_level() {
    store_.reset();
    std::array<std::uint64_t, 4> bytes{};
    const auto database = *RocksDatabase::open(folder_.string(), {});
    for (const Level level : {Level::raw, Level::ten_seconds, Level::minute, Level::hour}) {
      for (const std::int32_t span : database->view()->spans(level)) {
        for (std::uint32_t m = 0; m < metrics; ++m) {
          for (const PageInfo& page : **database->view()->directory({level, span, MetricId{m}})) {
            bytes[static_cast<std::size_t>(level)] += page.bytes;
          }
        }
      }
    }
    return bytes;
  }

 private:
  std::filesystem::path folder_;
  std::mt19937_64 random_{42};
  std::unique_ptr<RocksStore> store_;
  std::vector<PartitionState> states_;
  std::vector<std::int64_t> walks_;
};

/// 65 minutes of Work A with maintenance after each minute, as a running server has it.
Filled& an_hour() {
  static Filled filled;
  static const bool done = [] {
    for (std::int64_t m = 0; m < 65; ++m) {
      for (std::uint16_t p = 0; p < partitions; ++p) filled.send(filled.minute(p, m, true, filled_metrics));
      filled.maintain(start + (m * 60'000));
    }
    return true;
  }();
  benchmark::DoNotOptimize(done);
  return filled;
}

double thread_cpu_ns() {
  timespec at{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
  return (static_cast<double>(at.tv_sec) * 1e9) + static_cast<double>(at.tv_nsec);
}

/// An hour of one partition, a commit a minute: CPU an event of commits and of maintenance (this thread's), and the
/// bytes on disk when all is merged.
void an_hour_of_work(benchmark::State& state) {
  const bool raw = state.range(0) != 0;
  Filled filled;
  double commits = 0;
  double maintenance = 0;
  for (auto _ : state) {
    for (std::int64_t m = 0; m < 60; ++m) {
      const Commit next = filled.minute(0, m, raw);
      const double begin = thread_cpu_ns();
      filled.send(next);
      const double between = thread_cpu_ns();
      filled.maintain(start + (m * 60'000));
      commits += between - begin;
      maintenance += thread_cpu_ns() - between;
    }
    const double begin = thread_cpu_ns();
    filled.maintain(start + 3'600'000);
    maintenance += thread_cpu_ns() - begin;
  }
  const double events = 60.0 * 60 * all_series / partitions;
  state.counters["commit_ns_an_event"] = commits / events;
  state.counters["maintain_ns_an_event"] = maintenance / events;
}
BENCHMARK(an_hour_of_work)->Arg(0)->Arg(1)->Iterations(1)->Unit(benchmark::kMillisecond);

/// Bytes of a merged hour by column family, for each 10 s row, 1 m row and raw point: from the index.
void bytes_on_disk(benchmark::State& state) {
  for (auto _ : state) {
    Filled filled;
    for (std::int64_t m = 0; m < 60; ++m) filled.send(filled.minute(0, m, true));
    filled.maintain(start + 3'600'000);
    const auto bytes = filled.bytes_by_level();
    const double series = static_cast<double>(all_series) / partitions;
    state.counters["a_10s_row"] = static_cast<double>(bytes[1]) / (series * 360);
    state.counters["a_1m_row"] = static_cast<double>(bytes[2]) / (series * 60);
    state.counters["a_1h_row"] = static_cast<double>(bytes[3]) / series;
    state.counters["a_raw_point"] = static_cast<double>(bytes[0]) / (series * 3'600);
  }
}
BENCHMARK(bytes_on_disk)->Iterations(1)->Unit(benchmark::kMillisecond);

std::vector<SeriesId> series_of(std::uint32_t metric, std::uint32_t count) {
  std::vector<SeriesId> series;
  for (std::uint32_t i = 0; i < count; ++i) series.emplace_back((i * metrics) + metric);
  return series;
}

void read(benchmark::State& state, Level level, std::uint32_t count, bool digests) {
  RocksStore& store = an_hour().store();
  std::uint64_t rows = 0;
  std::uint32_t turn = 0;
  for (auto _ : state) {
    auto series = series_of(turn % filled_metrics, count);
    if (count == 1) series[0] = SeriesId{((turn * 7'919) % sources * metrics) + (turn % filled_metrics)};
    ++turn;
    const RowRequest request{level,
                             MetricId{series[0].value % metrics},
                             series,
                             Millis{start + 240'000},
                             Millis{start + 240'000 + 3'600'000},
                             digests,
                             {}};
    const auto done = store.read(request, [&](const RowView& row) {
      benchmark::DoNotOptimize(row.sum);
      ++rows;
    });
    if (!done) state.SkipWithError(done.error().message.c_str());
  }
  state.counters["rows"] = static_cast<double>(rows) / static_cast<double>(state.iterations());
}
BENCHMARK_CAPTURE(read, one_series_1h_by_10s, Level::ten_seconds, 1, false)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(read, one_series_1h_by_10s_digests, Level::ten_seconds, 1, true)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(read, thousand_series_1h_by_10s, Level::ten_seconds, 1'000, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, thousand_series_1h_by_1m, Level::minute, 1'000, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, thousand_series_1h_by_1m_digests, Level::minute, 1'000, true)->Unit(benchmark::kMillisecond);

void read_raw_hour(benchmark::State& state) {
  RocksStore& store = an_hour().store();
  std::uint64_t points = 0;
  for (auto _ : state) {
    const std::vector<SeriesId> series{SeriesId{4'711 / metrics * metrics}};
    const auto done = store.read_raw({MetricId{0}, series, Millis{start}, Millis{start + 3'600'000}},
                                     [&](PartitionId, const RawPoint&) { ++points; });
    if (!done) state.SkipWithError(done.error().message.c_str());
  }
  state.counters["points"] = static_cast<double>(points) / static_cast<double>(state.iterations());
}
BENCHMARK(read_raw_hour)->Unit(benchmark::kMicrosecond);

/// One series, 24 h by 1 m: a store of its own with few series, a day long.
void read_day_by_minute(benchmark::State& state) {
  const auto folder = std::filesystem::temp_directory_path() / "millrace-store-bench-day";
  std::filesystem::remove_all(folder);
  auto store = *RocksStore::open(folder.string(), {});
  PartitionState owned = *store->claim(PartitionId{0});
  constexpr std::uint32_t count = 200;
  std::mt19937_64 random(1);
  for (std::int64_t m = 0; m < 1'440; m += 10) {
    Commit commit;
    commit.epoch = owned.epoch;
    commit.expected = owned.next;
    commit.after = owned;
    ++commit.after.next.value;
    for (std::uint32_t s = 0; s < count; ++s) {
      if (m == 0) commit.definitions.push_back({SeriesId{s}, MetricId{0}, {"m", std::to_string(s), {}}});
      for (std::int64_t i = 0; i < 10; ++i) {
        Row row{PartitionId{0}, SeriesId{s}, Millis{start + ((m + i) * 60'000)}, Rollup(Digest::default_compression)};
        for (int v = 0; v < 60; ++v) {
          row.rollup.add(static_cast<double>(random() % 10'000) / 100, Millis{row.bucket.value + (v * 1'000)});
        }
        commit.minutes.push_back(std::make_shared<const Row>(std::move(row)));
      }
    }
    if (!store->commit(commit)) std::abort();
    owned = commit.after;
    while (*store->maintain(Millis{start}, Millis{start + (m * 60'000)}, {})) {
    }
  }
  std::uint64_t rows = 0;
  std::uint32_t next = 0;
  for (auto _ : state) {
    const std::vector<SeriesId> series{SeriesId{next++ % count}};
    const auto done = store->read({Level::minute, MetricId{0}, series, Millis{start}, Millis{start + day}, false, {}},
                                  [&](const RowView&) { ++rows; });
    if (!done) state.SkipWithError(done.error().message.c_str());
  }
  state.counters["rows"] = static_cast<double>(rows) / static_cast<double>(state.iterations());
  store.reset();
  std::filesystem::remove_all(folder);
}
BENCHMARK(read_day_by_minute)->Unit(benchmark::kMicrosecond)->Iterations(2'000);

}  // namespace
}  // namespace millrace

BENCHMARK_MAIN();
