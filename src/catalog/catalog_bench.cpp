#include "catalog/catalog.hpp"

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace {

using millrace::Catalog;
using millrace::Matcher;
using millrace::Millis;
using millrace::Selector;
using millrace::SeriesId;
using millrace::SeriesKey;

constexpr Millis now{1'795'000'000'000};
constexpr millrace::SeriesLimits wide{.per_metric = 10'000'000, .all = 10'000'000};

/// Ten metrics over as many sources as it takes, with two tags.
SeriesKey key(std::size_t i) {
  return {"metric_" + std::to_string(i % 10),
          "host-" + std::to_string(i / 10),
          {{"app", "app-" + std::to_string(i / 10 % 100)}, {"zone", "zone-" + std::to_string(i / 10 % 3)}}};
}

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double pages = 0;
  statm >> pages >> pages;
  return pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

void new_series(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    const double before = resident_bytes();
    auto catalog = std::make_unique<Catalog>(wide);
    state.ResumeTiming();
    for (std::size_t i = 0; i < n; ++i) catalog->intern(key(i), now);
    state.PauseTiming();
    state.counters["bytes_a_series"] = (resident_bytes() - before) / static_cast<double>(n);
    catalog.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

const Catalog& filled(std::size_t n) {
  static const auto* catalog = [n] {
    auto* made = new Catalog(wide);
    for (std::size_t i = 0; i < n; ++i) made->intern(key(i), now);
    return made;
  }();
  return *catalog;
}

void known_series(benchmark::State& state) {
  auto& catalog = const_cast<Catalog&>(filled(1'000'000));
  std::size_t i = 0;
  const SeriesKey one = key(123'450);
  SeriesKey varied = one;
  for (auto _ : state) {
    i = (i + 7919) % 100'000;
    varied.source = "host-" + std::to_string(i);
    varied.tags[0].second = "app-" + std::to_string(i % 100);
    varied.tags[1].second = "zone-" + std::to_string(i % 3);
    varied.metric = "metric_3";
    benchmark::DoNotOptimize(catalog.intern(varied, now));
  }
}

void select(benchmark::State& state, const std::vector<Matcher>& matchers) {
  const Catalog& catalog = filled(1'000'000);
  std::size_t found = 0;
  for (auto _ : state) {
    found = catalog.select({.metric = "metric_3", .source = {}, .matchers = matchers}).size();
  }
  state.counters["found"] = static_cast<double>(found);
}

using Op = Matcher::Op;
BENCHMARK(new_series)->Arg(1'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(known_series)->ThreadRange(1, 2);
BENCHMARK_CAPTURE(select, of_100k_all, std::vector<Matcher>{})->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(select, of_100k_equals, std::vector<Matcher>{{"app", Op::equals, {"app-7"}}})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(select, of_100k_four_matchers,
                  std::vector<Matcher>{{"zone", Op::in, {"zone-1", "zone-2"}},
                                       {"app", Op::not_equals, {"app-7"}},
                                       {"app", Op::prefix, {"app-1"}},
                                       {"", Op::prefix, {"host-9"}}})
    ->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
