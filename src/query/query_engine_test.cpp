#include "query/answer_oracle.hpp"
#include "query/engine_fixture.hpp"
#include "query/query.hpp"
#include "stream/memory_store.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace millrace {
namespace {

using testing::check;
using testing::expect;
using testing::Expected;
using testing::Pipeline;
using testing::Sent;

constexpr Millis start = Pipeline::start;
constexpr Duration second{1'000};
constexpr Duration minute{60'000};

Query question(const std::string& metric, Millis from, Millis to, Duration width) {
  Query query;
  query.selector.metric = metric;
  query.from = from;
  query.to = to;
  query.resolution = {Resolution::Kind::fixed, width};
  return query;
}

/// Twelve series of one metric over three sources and two regions, in every state that rows can be in: committed and
/// let go, committed and still live, not committed, late into closed minutes.
class Mixture : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world = std::make_unique<Pipeline>(std::make_unique<MemoryStore>(), 3);
    std::mt19937 random(7);
    for (int source = 0; source < 3; ++source) {
      for (int region = 0; region < 4; ++region) {
        Tags tags;
        if (region < 3) tags.emplace_back("region", region == 0 ? "eu" : region == 1 ? "us" : "us-west");
        tags.emplace_back("row", std::to_string(region));
        ids.push_back(world->series("latency", "host-" + std::to_string(source), tags));
      }
    }
    other = world->series("else", "host-0");
    const auto events = [&](Millis from, Duration span, int count) {
      std::vector<Sent> sent;
      for (int i = 0; i < count; ++i) {
        const std::size_t one = random() % ids.size();
        const Millis time = from + Duration{static_cast<std::int64_t>(random() % static_cast<unsigned>(span.count()))};
        // A series may lie in several partitions: nothing assumes where.
        sent.push_back({PartitionId{static_cast<std::uint16_t>(random() % 3)}, ids[one], time,
                        std::exp(std::normal_distribution<double>(0, 2)(random))});
      }
      sent.push_back({PartitionId{0}, other, from, 1e9});
      world->send(sent);
    };
    for (int part = 0; part < 10; ++part) {  // 20 minutes, a commit every 2
      world->clock.advance(2 * minute);
      events(start + part * 2 * minute, 2 * minute, 800);
      world->commit();
    }
    // Late into closed minutes: some committed, some not.
    events(start + 3 * minute, 5 * minute, 60);
    world->commit();
    world->clock.advance(31 * second);
    events(start + 20 * minute, 31 * second, 200);
    events(start + 7 * minute, 4 * minute, 40);
    ASSERT_GE(world->sent.size(), 8'000U);
  }
  static void TearDownTestSuite() { world.reset(); }

  static bool of_metric(const Sent& event) { return event.series != other; }
  static const SeriesKey& key(const Sent& event) { return world->catalog.at(event.series).key; }
  static std::string tag(const Sent& event, const std::string& name) {
    for (const auto& [tag, value] : key(event).tags) {
      if (tag == name) return value;
    }
    return {};
  }
  static Answer ask(const Query& query) {
    auto answer = world->queries->run(query);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *std::move(answer) : Answer{};
  }
  /// Every point of the series is the fold of its events, and no window with events is missing.
  static void verify(const Series& series, const Query& query, const std::function<bool(const Sent&)>& wanted) {
    const Duration width = query.resolution.width;
    std::size_t at = 0;
    for (Millis bucket = align_down(query.from, width); bucket <= query.to; bucket = bucket + width) {
      if (bucket < query.from) continue;
      const Expected expected = expect(world->sent, bucket, bucket + width, wanted);
      if (expected.count == 0) continue;
      ASSERT_LT(at, series.points.size()) << "missing " << (bucket - start).count();
      ASSERT_EQ(series.points[at].timestamp, bucket);
      check(series.points[at++], expected, query.fields.empty());
      if (::testing::Test::HasFailure()) FAIL() << "bucket at " << (bucket - start).count() / 1000 << " s";
    }
    ASSERT_EQ(at, series.points.size());
  }

  static std::unique_ptr<Pipeline> world;
  static std::vector<SeriesId> ids;
  static SeriesId other;
};
std::unique_ptr<Pipeline> Mixture::world;
std::vector<SeriesId> Mixture::ids;
SeriesId Mixture::other;

TEST_F(Mixture, EveryResolutionIsTheFoldOfItsEvents) {
  for (const std::int64_t width : {10, 20, 30, 60, 90, 120, 300, 3600}) {
    const Query query = question("latency", start - minute, start + 30 * minute, width * second);
    const Answer answer = ask(query);
    ASSERT_EQ(answer.series.size(), 1U);
    EXPECT_FALSE(answer.live_missing);
    verify(answer.series.front(), query, of_metric);
  }
}

TEST_F(Mixture, PlainFieldsNeedNoDigest) {
  Query query = question("latency", start, start + 30 * minute, minute);
  query.fields = {Field::value, Field::max};
  const Answer answer = ask(query);
  verify(answer.series.front(), query, of_metric);
  EXPECT_EQ(answer.series.front().points.front().rollup.digest.count(), 0U);
}

TEST_F(Mixture, ASourceIsItsSeriesMerged) {
  for (const Duration width : {10 * second, minute}) {
    Query query = question("latency", start, start + 30 * minute, width);
    query.selector.source = "host-1";
    verify(ask(query).series.front(), query,
           [](const Sent& event) { return of_metric(event) && key(event).source == "host-1"; });
  }
}

TEST_F(Mixture, TagFiltersPickSeries) {
  const auto with = [](Matcher::Op op, std::vector<std::string> values) {
    Query query = question("latency", start, start + 30 * minute, minute);
    query.selector.matchers = {{"region", op, std::move(values)}};
    return query;
  };
  const Query equals = with(Matcher::Op::equals, {"us"});
  verify(ask(equals).series.front(), equals, [](const Sent& e) { return of_metric(e) && tag(e, "region") == "us"; });
  const Query not_equals = with(Matcher::Op::not_equals, {"us"});
  verify(ask(not_equals).series.front(), not_equals,
         [](const Sent& e) { return of_metric(e) && tag(e, "region") != "us"; });
  const Query in = with(Matcher::Op::in, {"us", "eu"});
  verify(ask(in).series.front(), in,
         [](const Sent& e) { return of_metric(e) && (tag(e, "region") == "us" || tag(e, "region") == "eu"); });
  const Query prefix = with(Matcher::Op::prefix, {"us"});
  verify(ask(prefix).series.front(), prefix,
         [](const Sent& e) { return of_metric(e) && tag(e, "region").starts_with("us"); });
}

TEST_F(Mixture, GroupsBySourceAndByTag) {
  Query query = question("latency", start, start + 30 * minute, minute);
  query.group_by = "source";
  Answer answer = ask(query);
  ASSERT_TRUE(answer.grouped);
  ASSERT_EQ(answer.series.size(), 3U);
  for (const Series& series : answer.series) {
    verify(series, query, [&](const Sent& e) { return of_metric(e) && key(e).source == series.source; });
  }
  query.group_by = "tag.region";
  answer = ask(query);
  ASSERT_EQ(answer.series.size(), 4U);
  EXPECT_EQ(answer.series[0].tags, (Tags{{"region", ""}}));  // those without the tag
  EXPECT_EQ(answer.series[3].tags, (Tags{{"region", "us-west"}}));
  for (const Series& series : answer.series) {
    verify(series, query,
           [&](const Sent& e) { return of_metric(e) && tag(e, "region") == series.tags.front().second; });
  }
}

TEST_F(Mixture, TopKeepsTheHighestOverTheWholeRange) {
  // Edges off the minute: the ranking reads 10 s rows there.
  Query query = question("latency", start + 20 * second, start + 15 * minute + 40 * second, 20 * second);
  const Millis end = query.to + 20 * second;
  struct By {
    const char* name;
    std::function<double(const Expected&)> score;
  };
  const auto quantile = [](double q) {
    return [q](const Expected& e) { return e.sorted[static_cast<std::size_t>(q * static_cast<double>(e.count - 1))]; };
  };
  const std::vector<By> all = {
      {"value", [](const Expected& e) { return e.sum / static_cast<double>(e.count); }},
      {"sum", [](const Expected& e) { return e.sum; }},
      {"count", [](const Expected& e) { return static_cast<double>(e.count); }},
      {"max", [](const Expected& e) { return e.sorted.back(); }},
      {"min", [](const Expected& e) { return e.sorted.front(); }},
      {"last", [](const Expected& e) { return e.last; }},
      {"first", [](const Expected& e) { return e.first; }},
      {"p50", quantile(0.5)},
      {"p90", quantile(0.9)},
  };
  for (const By& by : all) {
    std::vector<std::pair<double, SeriesId>> ranked;
    for (const SeriesId id : ids) {
      ranked.emplace_back(by.score(expect(world->sent, query.from, end, [&](const Sent& e) { return e.series == id; })),
                          id);
    }
    std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    query.top = 2;
    query.by = by.name;
    const Answer answer = ask(query);
    ASSERT_TRUE(answer.grouped);
    ASSERT_EQ(answer.series.size(), 2U) << by.name;
    for (std::size_t i = 0; i < 2; ++i) {
      const auto id = world->catalog.find({"latency", answer.series[i].source, answer.series[i].tags});
      ASSERT_TRUE(id);
      const bool exact = by.name[0] != 'p';
      if (exact) EXPECT_EQ(*id, ranked[i].second) << by.name << " " << i;
      verify(answer.series[i], query, [&](const Sent& e) { return e.series == *id; });
    }
  }
  query.group_by = "source";
  query.by = "sum";
  query.top = 99;
  const Answer answer = ask(query);
  ASSERT_EQ(answer.series.size(), 3U);
  const auto sum = [&](const std::string& source) {
    return expect(world->sent, query.from, end, [&](const Sent& e) { return of_metric(e) && key(e).source == source; })
        .sum;
  };
  EXPECT_GT(sum(answer.series[0].source), sum(answer.series[1].source));
  EXPECT_GT(sum(answer.series[1].source), sum(answer.series[2].source));
}

TEST_F(Mixture, TheSlidingMinuteIsTheWindowOnTheEventsNamedByItsEnd) {
  for (const bool of_source : {false, true}) {
    Query query = question("latency", start, start + 30 * minute, 10 * second);
    query.sliding_minute = true;
    if (of_source) query.selector.source = "host-2";
    const auto wanted = [&](const Sent& e) { return of_metric(e) && (!of_source || key(e).source == "host-2"); };
    const Answer answer = ask(query);
    std::size_t at = 0;
    const auto& points = answer.series.front().points;
    // Told up to the window that ends with the open bucket.
    const Millis last = align_down(world->clock.now(), 10 * second) + 10 * second;
    for (Millis end = start; end <= last; end = end + 10 * second) {
      const Expected expected = expect(world->sent, end - minute, end, wanted);
      if (expected.count == 0) continue;
      ASSERT_LT(at, points.size());
      ASSERT_EQ(points[at].timestamp, end);
      check(points[at++], expected, true);
    }
    ASSERT_EQ(at, points.size());
  }
}

TEST_F(Mixture, HistogramCountsSumToN) {
  Query query = question("latency", start, start + 30 * minute, 5 * minute);
  query.fields = {Field::histogram};
  query.bins = 12;
  const Answer answer = ask(query);
  ASSERT_FALSE(answer.series.front().points.empty());
  for (const Point& point : answer.series.front().points) {
    double sum = 0;
    for (const Point::Bin& bin : point.histogram) sum += bin.count;
    EXPECT_EQ(point.histogram.size(), 12U);
    EXPECT_NEAR(sum, static_cast<double>(point.rollup.count), 1e-6);
    EXPECT_EQ(point.histogram.front().low, point.rollup.min);
    EXPECT_EQ(point.histogram.back().high, point.rollup.max);
  }
}

TEST_F(Mixture, RawPointsAreTheEventsThemselves) {
  Query query;
  query.selector = {"latency", "host-0", {}};
  query.from = start + 2 * minute;
  query.to = start + 30 * minute;
  query.resolution.kind = Resolution::Kind::raw;
  const Answer answer = ask(query);
  std::vector<std::tuple<Millis, SeriesId, double>> expected;
  std::vector<std::tuple<Millis, SeriesId, double>> got;
  for (const Sent& event : world->sent) {
    if (of_metric(event) && key(event).source == "host-0" && event.time >= query.from && event.time <= query.to) {
      expected.emplace_back(event.time, event.series, event.value);
    }
  }
  Millis before = Millis::never();
  for (const RawAnswerPoint& point : answer.raw) {
    EXPECT_GE(point.timestamp, before);
    before = point.timestamp;
    got.emplace_back(point.timestamp, point.series, point.value);
  }
  std::sort(expected.begin(), expected.end());
  std::sort(got.begin(), got.end());
  EXPECT_EQ(got, expected);
}

TEST_F(Mixture, PartitionRowsMergeToTheAnswer) {
  const auto rows = world->queries->partition_rows("latency", "host-1", start, start + 30 * minute);
  ASSERT_TRUE(rows);
  ASSERT_FALSE(rows->empty());
  std::pair<Millis, PartitionId> before{Millis::never(), PartitionId{0}};
  for (const PartitionRow& row : *rows) {
    EXPECT_LT(before, (std::pair{row.bucket, row.partition}));
    before = {row.bucket, row.partition};
    const Expected expected = expect(world->sent, row.bucket, row.bucket + 10 * second, [&](const Sent& e) {
      return of_metric(e) && key(e).source == "host-1" && e.partition == row.partition;
    });
    EXPECT_EQ(row.rollup.count, expected.count);
    EXPECT_EQ(row.rollup.last, expected.last);
    EXPECT_EQ(row.rollup.digest.count(), expected.count);
  }
}

TEST(QueryEngine, UnknownMetricHasNoPoints) {
  Pipeline world(std::make_unique<MemoryStore>());
  const auto answer = world.queries->run(question("nothing", start, start + minute, minute));
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->series.size(), 1U);
  EXPECT_TRUE(answer->series.front().points.empty());
  const auto latest = world.queries->latest("nothing", std::nullopt);
  ASSERT_TRUE(latest);
  EXPECT_FALSE(latest->has_value());
}

TEST(QueryEngine, FinalFollowsTheLowestWatermarkAndTheRevisionTellsIt) {
  EngineOptions options;
  options.idle_after = 60 * minute;  // else the clock's step below makes both final by itself
  Pipeline world(std::make_unique<MemoryStore>(), 2, options);
  const SeriesId id = world.series("m", "s");
  world.send({{PartitionId{0}, id, start + second, 1}, {PartitionId{1}, id, start + 2 * second, 2}});
  const Query query = question("m", start, start + minute, 10 * second);
  const auto point = [&] { return world.queries->run(query)->series.front().points.front(); };
  EXPECT_FALSE(point().final);
  EXPECT_EQ(point().revision, 4U);
  // Both partitions see an event beyond the bucket's end and 2 s of disorder: now it is final.
  world.clock.advance(20 * second);
  world.send({{PartitionId{0}, id, start + 15 * second, 3}});
  EXPECT_FALSE(point().final);
  world.send({{PartitionId{1}, id, start + 15 * second, 3}});
  EXPECT_TRUE(point().final);
  EXPECT_EQ(point().revision, 5U);
}

TEST(QueryEngine, LatestGoesOnWhenTheStoreFails) {
  auto owned = std::make_unique<MemoryStore>();
  MemoryStore* store = owned.get();
  Pipeline world(std::move(owned), 1);
  const SeriesId id = world.series("m", "s");
  world.send({{PartitionId{0}, id, start, 5}});
  auto latest = world.queries->latest("m", "s");
  ASSERT_TRUE(latest && *latest);
  EXPECT_EQ((*latest)->timestamp, start);
  EXPECT_EQ((*latest)->rollup.last, 5);
  store->fail_reads(1'000, ErrorCode::io);
  latest = world.queries->latest("m", "s");
  ASSERT_TRUE(latest && *latest);
  EXPECT_EQ((*latest)->rollup.last, 5);
  EXPECT_FALSE(world.queries->run(question("m", start, start + minute, minute)));
}

TEST(QueryEngine, LatestIsTheNewestPointOfTheLastHour) {
  Pipeline world(std::make_unique<MemoryStore>(), 2);
  const SeriesId id = world.series("m", "s");
  world.send({{PartitionId{0}, id, start, 1}, {PartitionId{1}, id, start + second, 2}});
  world.commit();
  world.clock.advance(40 * minute);
  auto latest = world.queries->latest("m", std::nullopt);
  ASSERT_TRUE(latest && *latest);
  EXPECT_EQ((*latest)->timestamp, start);
  EXPECT_EQ((*latest)->rollup.count, 2U);
  // Beyond the hour memory still knows it.
  world.clock.advance(60 * minute);
  latest = world.queries->latest("m", std::nullopt);
  ASSERT_TRUE(latest && *latest);
  EXPECT_EQ((*latest)->rollup.count, 2U);
}

TEST(QueryEngine, TooManyPointsNamesTheResolutionThatFits) {
  Pipeline world(std::make_unique<MemoryStore>(), 1);
  world.queries =
      std::make_unique<QueryEngine>(world.catalog, *world.store, *world.engine, world.clock, QueryLimits{.points = 10});
  const SeriesId id = world.series("m", "s");
  std::vector<Sent> events;
  for (int i = 0; i < 30; ++i) events.push_back({PartitionId{0}, id, start - i * 10 * second, 1.0 * i});
  world.send(events);
  Query query = question("m", start - 10 * minute, start, 10 * second);
  const auto refused = world.queries->run(query);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::too_large);
  EXPECT_NE(refused.error().message.find("resolution=2m"), std::string::npos) << refused.error().message;
  query.resolution.width = 2 * minute;
  EXPECT_TRUE(world.queries->run(query));
  query.resolution = {Resolution::Kind::automatic, Duration{0}};
  const auto chosen = world.queries->run(query);
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->resolution.width, 2 * minute);
  // Points of the answer count, not those of the range.
  EXPECT_TRUE(world.queries->run(question("m", start - 1'000 * minute, start - 3 * minute - 30 * second, 10 * second)));
  query.resolution.kind = Resolution::Kind::raw;
  const auto raw = world.queries->run(query);
  ASSERT_FALSE(raw);
  EXPECT_EQ(raw.error().code, ErrorCode::too_large);
}

TEST(QueryEngine, RefusesWhatIsNotValidAndSaysWhatIs) {
  Pipeline world(std::make_unique<MemoryStore>(), 1);
  const auto refused = [&](const std::function<void(Query&)>& change, const char* word) {
    Query query = question("m", start, start + minute, minute);
    change(query);
    const auto answer = world.queries->run(query);
    ASSERT_FALSE(answer) << word;
    EXPECT_EQ(answer.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(answer.error().message.find(word), std::string::npos) << answer.error().message;
  };
  refused([](Query& q) { q.selector.metric = ""; }, "name");
  refused([](Query& q) { q.to = q.from - second; }, "after");
  refused([](Query& q) { q.resolution.width = 15 * second; }, "multiple of 10 s");
  refused([](Query& q) { q.sliding_minute = true; }, "resolution=10s");
  refused([](Query& q) { q.group_by = "host"; }, "tag.KEY");
  refused([](Query& q) { q.group_by = "tag."; }, "tag.KEY");
  refused([](Query& q) { q.top = 0; }, "top");
  refused([](Query& q) { q.top = 1, q.by = "histogram"; }, "p95");
  refused([](Query& q) { q.top = 1, q.by = "p101"; }, "p95");
  refused([](Query& q) { q.quantiles = {95}; }, "0.95");
  refused([](Query& q) { q.max_points = 0; }, "maxPoints");
  refused([](Query& q) { q.fields = {Field::histogram}, q.bins = 0; }, "bins");
  refused([](Query& q) { q.top = 1, q.resolution.kind = Resolution::Kind::raw; }, "raw");
}

}  // namespace
}  // namespace millrace
