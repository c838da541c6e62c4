#include "store/rocks_store.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>

// Work A's shape: metrics x sources, each series a random walk with two decimals, one value a second.
namespace millrace {
namespace {

constexpr std::uint32_t metrics = 10;
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
  Commit minute(std::uint16_t partition, std::int64_t minute, bool raw) {
    Commit commit;
    commit.partition = PartitionId{partition};
    commit.epoch = states_[partition].epoch;
    commit.expected = states_[partition].next;
    commit.after = states_[partition];
    ++commit.after.next.value;
    const std::int64_t begin = start + (minute * 60'000);
    commit.after.watermark = Millis{begin + 60'000};
    for (std::uint32_t s = partition; s < all_series; s += partitions) {
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
      for (std::uint16_t p = 0; p < partitions; ++p) filled.send(filled.minute(p, m, true));
      filled.maintain(start + (m * 60'000));
    }
    return true;
  }();
  benchmark::DoNotOptimize(done);
  return filled;
}

/// One partition's minute: CPU and wall time for each event and row, merges apart.
void commit(benchmark::State& state) {
  Filled filled;
  std::int64_t minute = 0;
  std::uint64_t rows = 0;
  std::uint64_t events = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const Commit next = filled.minute(0, minute++, state.range(0) != 0);
    rows += next.rows.size();
    events += next.rows.size() * 10;
    state.ResumeTiming();
    filled.send(next);
  }
  state.counters["ns_an_event"] =
      benchmark::Counter(static_cast<double>(events) * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["ns_a_row"] =
      benchmark::Counter(static_cast<double>(rows) * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(commit)
    ->Arg(0)
    ->Arg(1)
    ->Iterations(10)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

/// What merging an hour costs for each event: commits are outside of the clock.
void merge_an_hour(benchmark::State& state) {
  Filled filled;
  for (auto _ : state) {
    for (std::int64_t m = 0; m < 60; ++m) {
      state.PauseTiming();
      filled.send(filled.minute(0, m, true));
      state.ResumeTiming();
      filled.maintain(start + (m * 60'000));
    }
    filled.maintain(start + 3'600'000);
  }
  state.counters["ns_an_event"] = benchmark::Counter(60.0 * 60 * all_series / partitions * 1e-9,
                                                     benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(merge_an_hour)->Iterations(1)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

std::vector<SeriesId> series_of(std::uint32_t metric, std::uint32_t count) {
  std::vector<SeriesId> series;
  for (std::uint32_t i = 0; i < count; ++i) series.emplace_back((i * metrics) + metric);
  return series;
}

void read(benchmark::State& state, Level level, std::uint32_t count, bool digests) {
  RocksStore& store = an_hour().store();
  std::uint64_t rows = 0;
  std::uint32_t metric = 0;
  for (auto _ : state) {
    auto series = series_of(metric++ % metrics, count);
    if (count == 1) series[0] = SeriesId{(metric * 7'919 / metrics * metrics + (metric - 1) % metrics) % all_series};
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
    const std::vector<SeriesId> series{SeriesId{4'711}};
    const auto done = store.read_raw({MetricId{4'711 % metrics}, series, Millis{start}, Millis{start + 3'600'000}},
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
