#include "stream/memory_store.hpp"
#include "stream/partition.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

// The engine alone from parsed batches: Work A (sources x 10 metrics, one value a second each, two tags) in sections of
// 10,000 events, folded into 10 s rows and totals with digests, by one partition on one core.

namespace millrace {
namespace {

constexpr Millis start{1'790'000'040'000};
constexpr std::size_t section_size = 10'000;

struct WorkA {
  Catalog catalog;
  std::vector<std::shared_ptr<const Section>> sections;
  std::vector<Millis> arrivals;
  std::size_t events = 0;

  WorkA(int sources, int seconds) {
    std::mt19937 random(7);
    std::normal_distribution<double> first(50, 10);
    std::uniform_real_distribution<double> step(-0.5, 0.5);
    std::vector<SeriesId> series;
    std::vector<double> values;
    for (int s = 0; s < sources; ++s) {
      for (int m = 0; m < 10; ++m) {
        const SeriesKey key{"metric_" + std::to_string(m),
                            "host-" + std::to_string(s),
                            {{"dc", std::to_string(s % 4)}, {"rack", std::to_string(s % 40)}}};
        series.push_back(catalog.adopt(key, start));
        values.push_back(first(random));
      }
    }
    auto section = std::make_shared<Section>();
    for (int second = 0; second < seconds; ++second) {
      const Millis now = start + std::chrono::seconds(second);
      for (std::size_t i = 0; i < series.size(); ++i) {
        values[i] += step(random);
        section->series.push_back(series[i]);
        section->time.push_back(now);
        section->value.push_back(std::round(values[i] * 100) / 100);
        ++events;
        if (section->size() == section_size) {
          sections.push_back(std::move(section));
          arrivals.push_back(now);
          section = std::make_shared<Section>();
        }
      }
    }
  }
};

const WorkA& work(int sources) {
  static const WorkA a(1'000, 300);
  static std::optional<WorkA> wide;
  if (sources == 1'000) return a;
  if (!wide) wide.emplace(sources, 30);
  return *wide;
}

void fold_all(benchmark::State& state, const WorkA& load, bool commits) {
  std::uint64_t events = 0;
  double freeze_longest = 0;
  for (auto run : state) {
    MemoryStore store;
    EngineOptions options;
    Duration steady{0};
    std::optional<Partition> partition(std::in_place, PartitionId{0}, options, load.catalog, store, PartitionState{},
                                       ProducerMemory{}, steady);
    for (std::size_t i = 0; i < load.sections.size(); ++i) {
      benchmark::DoNotOptimize(
          partition->fold(Offset{i}, load.sections[i], load.arrivals[i], "", 0, steady).value().events);
      if (!commits) continue;
      steady = load.arrivals[i] - start;
      if (partition->commit_due(steady) && !partition->committing()) {
        const auto before = std::chrono::steady_clock::now();
        partition->freeze(load.catalog.size(), steady);
        freeze_longest =
            std::max(freeze_longest,
                     std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - before).count());
        benchmark::DoNotOptimize(build_commit(*partition->frozen(), load.catalog, store).value().rows.size());
        partition->on_committed(steady);
      }
      partition->evict(steady);
      benchmark::DoNotOptimize(partition->take_garbage().size());
    }
    events += load.events;
    state.PauseTiming();
    partition.reset();
    state.ResumeTiming();
  }
  state.counters["events/s"] = benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
  if (commits) state.counters["freeze_ms"] = freeze_longest;
}

/// Nothing but the fold: rows, totals, digests, raw chunks.
void FoldWorkA(benchmark::State& state) { fold_all(state, work(1'000), false); }
/// With freezing, merging of minutes, sorting of raw points and eviction on the same core; the store's share is not in
/// it.
void FoldAndBuildCommitsWorkA(benchmark::State& state) { fold_all(state, work(1'000), true); }
/// 250,000 series in one partition: what a quarter of a million does to it.
void FoldManySeries(benchmark::State& state) { fold_all(state, work(25'000), true); }

BENCHMARK(FoldWorkA)->Unit(benchmark::kMillisecond);
BENCHMARK(FoldAndBuildCommitsWorkA)->Unit(benchmark::kMillisecond);
BENCHMARK(FoldManySeries)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace millrace

BENCHMARK_MAIN();
