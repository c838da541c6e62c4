#include "model/digest.hpp"
#include "model/digest_samples.hpp"
#include "model/value_sort.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>

namespace {

using millrace::Digest;
using millrace::samples::draw;
using millrace::samples::Shape;

Digest of(std::size_t n) {
  Digest digest;
  for (const double value : draw(Shape::lognormal, n)) digest.add(value);
  return digest;
}

std::string bytes_of(const Digest& digest) {
  std::string bytes;
  digest.encode(bytes);
  return bytes;
}

void add_to_one(benchmark::State& state) {
  const auto values = draw(Shape::lognormal, 1 << 16);
  Digest digest;
  std::size_t i = 0;
  for (auto _ : state) digest.add(values[i++ & 0xFFFF]);
  state.SetItemsProcessed(state.iterations());
}

void ten_values_to_new_ones(benchmark::State& state) {
  const auto values = draw(Shape::lognormal, 10);
  for (auto _ : state) {
    Digest digest;
    for (const double value : values) digest.add(value);
    benchmark::DoNotOptimize(digest);
  }
  state.SetItemsProcessed(state.iterations() * 10);
}

/// The hot path of a wide p95 query: range(0) values a digest.
void merge_encoded(benchmark::State& state) {
  const std::string bytes = bytes_of(of(static_cast<std::size_t>(state.range(0))));
  Digest into;
  for (auto _ : state) benchmark::DoNotOptimize(Digest::merge_encoded(into, bytes).has_value());
  state.counters["bytes"] = static_cast<double>(bytes.size());
}

void merge_encoded_decimals(benchmark::State& state) {
  Digest ten;
  for (int i = 0; i < 10; ++i) ten.add((5000 + (i * 37 % 11)) / 100.0);
  const std::string bytes = bytes_of(ten);
  Digest into;
  for (auto _ : state) benchmark::DoNotOptimize(Digest::merge_encoded(into, bytes).has_value());
  state.counters["bytes"] = static_cast<double>(bytes.size());
}

void encode(benchmark::State& state) {
  const Digest digest = of(static_cast<std::size_t>(state.range(0)));
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    digest.encode(bytes);
  }
}

void quantile(benchmark::State& state) {
  Digest digest = of(static_cast<std::size_t>(state.range(0)));
  digest.compress();
  for (auto _ : state) benchmark::DoNotOptimize(digest.quantile(0.95));
}

void sort_block_or_library(benchmark::State& state) {
  const auto values = draw(Shape::lognormal, millrace::sort_block_size * 64);
  auto work = values;
  for (auto _ : state) {
    work = values;
    for (std::size_t i = 0; i < work.size(); i += millrace::sort_block_size) {
      if (state.range(0) == 0) {
        millrace::sort_block(work.data() + i);
      } else {
        std::sort(work.data() + i, work.data() + i + millrace::sort_block_size);
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(values.size()));
}

BENCHMARK(add_to_one);
BENCHMARK(ten_values_to_new_ones);
BENCHMARK(merge_encoded)->Arg(10)->Arg(60)->Arg(100'000);
BENCHMARK(merge_encoded_decimals);
BENCHMARK(encode)->Arg(10)->Arg(60)->Arg(100'000);
BENCHMARK(quantile)->Arg(10)->Arg(100'000);
BENCHMARK(sort_block_or_library)->Arg(0)->Arg(1)->ArgName("library");

}  // namespace

BENCHMARK_MAIN();
