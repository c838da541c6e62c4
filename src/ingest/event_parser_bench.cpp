#include "ingest/event_parser.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace millrace {
namespace {

constexpr Millis start{1'795'000'000'000};
constexpr std::size_t lines_a_body = 10'000;

/// Work A of docs/performance.md: 1,000 sources x 10 metrics, two tags, a random walk each, one value a second.
std::vector<std::string> work_a(std::size_t bodies, bool shuffled) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> step(-0.5, 0.5);
  std::normal_distribution<double> first(50, 10);
  std::vector<double> values(10'000);
  for (double& value : values) value = first(random);
  std::vector<std::size_t> order(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::vector<std::string> out;
  for (std::size_t body = 0; body < bodies; ++body) {
    if (shuffled) std::shuffle(order.begin(), order.end(), random);
    std::string text;
    for (std::size_t i = 0; i < lines_a_body; ++i) {
      const std::size_t series = order[i];
      values[series] += step(random);
      text += fmt::format(R"({{"metric_name":"metric_{:02}","source_id":"host-{:04}","value":{:.2f},"timestamp":{},)"
                          R"("tags":{{"dc":"eu-west-{}","rack":"r{:02}"}}}})"
                          "\n",
                          series % 10, series / 10, values[series],
                          start.value + static_cast<std::int64_t>(body) * 1000, series / 10 % 3, series / 10 % 40);
    }
    out.push_back(std::move(text));
  }
  return out;
}

void run(benchmark::State& state, bool shuffled, EventParser::Path path) {
  const auto bodies = work_a(20, shuffled);
  Catalog catalog;
  EventParser parser(catalog, 4, IngestLimits{}, path);
  for (const std::string& body : bodies) benchmark::DoNotOptimize(parser.parse_json(body, start));
  std::size_t next = 0;
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string& body = bodies[next++ % bodies.size()];
    const auto parsed = parser.parse_json(body, start);
    if (!parsed || parsed->batch.size() != lines_a_body) state.SkipWithError("not all accepted");
    bytes += body.size();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(lines_a_body));
  state.counters["ns/event"] = benchmark::Counter(static_cast<double>(state.iterations() * lines_a_body) * 1e-9,
                                                  benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void WorkAFast(benchmark::State& state) { run(state, false, EventParser::Path::fast_then_strict); }
void WorkAShuffledFast(benchmark::State& state) { run(state, true, EventParser::Path::fast_then_strict); }
void WorkAStrict(benchmark::State& state) { run(state, false, EventParser::Path::strict_only); }

/// A single event a body: what the fixed cost of a request is.
void OneEvent(benchmark::State& state) {
  const std::string body = work_a(1, false)[0].substr(0, 140);
  const std::string line = body.substr(0, body.find('\n'));
  Catalog catalog;
  EventParser parser(catalog, 4, IngestLimits{});
  for (auto _ : state) benchmark::DoNotOptimize(parser.parse_json(line, start));
}

/// The yardstick: simdjson On-Demand reads all five fields and keeps nothing.
void WorkASimdjson(benchmark::State& state) {
  const auto bodies = work_a(20, false);
  std::vector<simdjson::padded_string> padded(bodies.begin(), bodies.end());
  simdjson::ondemand::parser parser;
  std::size_t next = 0;
  for (auto _ : state) {
    double sum = 0;
    std::size_t bytes = 0;
    simdjson::ondemand::document_stream stream;
    if (parser.iterate_many(padded[next++ % padded.size()]).get(stream) != simdjson::SUCCESS) return;
    for (auto document : stream) {
      for (auto field : document.get_object()) {
        const std::string_view key = field.unescaped_key();
        if (key == "value") {
          sum += static_cast<double>(field.value().get_double());
        } else if (key == "timestamp") {
          sum += static_cast<double>(static_cast<std::int64_t>(field.value().get_int64()));
        } else if (key == "tags") {
          for (auto tag : field.value().get_object()) {
            bytes += std::string_view(tag.unescaped_key()).size();
            bytes += std::string_view(tag.value().get_string()).size();
          }
        } else {
          bytes += std::string_view(field.value().get_string()).size();
        }
      }
    }
    benchmark::DoNotOptimize(sum);
    benchmark::DoNotOptimize(bytes);
  }
  state.counters["ns/event"] = benchmark::Counter(static_cast<double>(state.iterations() * lines_a_body) * 1e-9,
                                                  benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK(WorkASimdjson);
BENCHMARK(WorkAFast);
BENCHMARK(WorkAShuffledFast);
BENCHMARK(WorkAStrict);
BENCHMARK(OneEvent);

}  // namespace
}  // namespace millrace

BENCHMARK_MAIN();
