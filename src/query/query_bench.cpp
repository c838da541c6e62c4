#include "query/engine_fixture.hpp"
#include "query/point_json.hpp"
#include "query/query.hpp"
#include "store/rocks_store.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>

namespace millrace {
namespace {

using testing::Pipeline;
using testing::Sent;

constexpr Duration minute{60'000};
constexpr Duration hour{3'600'000};
constexpr int sources = 1'000;

/// 1,000 sources of one metric, a value every 5 s over 65 minutes, a commit every minute, in the embedded store.
class World {
 public:
  static World& get() {
    static World world;
    return world;
  }
  ~World() {
    pipeline.reset();
    std::filesystem::remove_all(path);
  }

  std::string path;
  std::unique_ptr<Pipeline> pipeline;

 private:
  World() {
    std::string name = (std::filesystem::temp_directory_path() / "millrace-bench-XXXXXX").string();
    path = ::mkdtemp(name.data());
    pipeline = std::make_unique<Pipeline>(std::move(*RocksStore::open(path + "/store", {})), std::uint16_t{4});
    std::mt19937 random(1);
    std::vector<SeriesId> ids;
    for (int i = 0; i < sources; ++i) {
      ids.push_back(pipeline->series("m", "host-" + std::to_string(i), {{"zone", std::to_string(i % 4)}}));
    }
    for (int part = 0; part < 65; ++part) {
      std::vector<Sent> sent;
      for (int step = 0; step < 12; ++step) {
        for (int i = 0; i < sources; ++i) {
          const Millis at = Pipeline::start + part * minute + step * Duration{5'000};
          sent.push_back({PartitionId{static_cast<std::uint16_t>(i % 4)}, ids[static_cast<std::size_t>(i)], at,
                          static_cast<double>(random() % 10'000) / 100});
        }
      }
      pipeline->send(sent);
      pipeline->sent.clear();
      pipeline->clock.advance(minute);
      pipeline->commit();
    }
    for (int i = 0; i < 10'000; ++i) {
      if (!pipeline->store->maintain(pipeline->clock.now(), pipeline->engine->final_until(), Retention{})
               .value_or(false)) {
        break;
      }
    }
  }
};

Query last_hour(Duration width, std::vector<Field> fields) {
  Query query;
  query.selector.metric = "m";
  query.to = World::get().pipeline->clock.now();
  query.from = query.to - hour;
  query.resolution = {Resolution::Kind::fixed, width};
  query.fields = std::move(fields);
  return query;
}

void run(benchmark::State& state, const Query& query) {
  Pipeline& pipeline = *World::get().pipeline;
  std::size_t bytes = 0;
  for (auto _ : state) {
    const auto answer = pipeline.queries->run(query);
    if (!answer) return state.SkipWithError(answer.error().message.c_str());
    std::string json;
    append_answer_json(json, query, *answer, pipeline.catalog);
    bytes = json.size();
    benchmark::DoNotOptimize(json.data());
  }
  state.counters["answer_bytes"] = static_cast<double>(bytes);
}

void one_series_10s_value(benchmark::State& state) {
  Query query = last_hour(Duration{10'000}, {Field::value});
  query.selector.source = "host-17";
  run(state, query);
}
void one_series_10s_all_fields(benchmark::State& state) {
  Query query = last_hour(Duration{10'000}, {});
  query.selector.source = "host-17";
  run(state, query);
}
void metric_1m_average_and_p95(benchmark::State& state) { run(state, last_hour(minute, {Field::value, Field::p95})); }
void top_10_of_1000_sources(benchmark::State& state) {
  Query query = last_hour(minute, {Field::value});
  query.top = 10;
  query.group_by = "source";
  run(state, query);
}
void p95_by_tag_of_250_sources(benchmark::State& state) {
  Query query = last_hour(minute, {Field::p95});
  query.selector.matchers = {{"zone", Matcher::Op::equals, {"1"}}};
  run(state, query);
}
void live_rows_alone(benchmark::State& state) {
  Pipeline& pipeline = *World::get().pipeline;
  LiveRequest request;
  request.series = {*pipeline.catalog.find({"m", "host-17", {{"zone", "1"}}})};
  request.from = pipeline.clock.now() - hour;
  request.to = pipeline.clock.now();
  for (auto _ : state) benchmark::DoNotOptimize(pipeline.engine->live(request, Duration{1'000}));
}

BENCHMARK(live_rows_alone)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(one_series_10s_value)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(one_series_10s_all_fields)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(metric_1m_average_and_p95)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(top_10_of_1000_sources)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(p95_by_tag_of_250_sources)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace millrace

BENCHMARK_MAIN();
