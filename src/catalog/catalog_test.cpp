#include "catalog/catalog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <set>
#include <thread>

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Op = Matcher::Op;

constexpr Millis now{1'795'000'000'000};
constexpr Duration day{24LL * 3'600'000};

SeriesKey key(std::string metric, std::string source, Tags tags = {}) {
  return {std::move(metric), std::move(source), std::move(tags)};
}

Matcher matcher(std::string tag, Op op, std::vector<std::string> values) {
  return {std::move(tag), op, std::move(values)};
}

SeriesDefinition definition(std::uint32_t id, std::uint32_t metric, SeriesKey series_key) {
  return {SeriesId{id}, MetricId{metric}, std::move(series_key)};
}

TEST(Catalog, GivesOneKeyOneId) {
  Catalog catalog;
  const SeriesId first = catalog.intern(key("cpu", "a", {{"zone", "eu"}}), now).id;
  const SeriesId other = catalog.intern(key("cpu", "a", {{"zone", "us"}}), now).id;
  EXPECT_NE(first, other);
  EXPECT_EQ(catalog.intern(key("cpu", "a", {{"zone", "eu"}}), now).id, first);
  EXPECT_EQ(catalog.adopt(key("cpu", "a", {{"zone", "us"}}), now), other);
  EXPECT_EQ(catalog.find(key("cpu", "a", {{"zone", "eu"}})), first);
  EXPECT_EQ(catalog.find(key("cpu", "a")), std::nullopt);
  EXPECT_EQ(catalog.at(first).key, key("cpu", "a", {{"zone", "eu"}}));
  EXPECT_EQ(catalog.at(first).id, first);
}

TEST(Catalog, GivesAMetricItsTotalBeforeItsFirstSeries) {
  Catalog catalog;
  const SeriesId series = catalog.intern(key("cpu", "a"), now).id;
  const MetricId metric = catalog.find_metric("cpu").value();
  const SeriesId total = catalog.total(metric);
  EXPECT_LT(total, series);
  EXPECT_TRUE(catalog.at(total).key.is_total());
  EXPECT_EQ(catalog.at(total).metric, metric);
  EXPECT_EQ(catalog.find(key("cpu", "")), total);
  const SeriesId adopted = catalog.adopt(key("mem", ""), now);
  EXPECT_EQ(adopted, catalog.total(catalog.find_metric("mem").value()));
  EXPECT_EQ(catalog.size(), 3U);
  EXPECT_EQ(catalog.version(), 3U);
}

TEST(Catalog, KnowsNothingOfAMetricThatNobodySent) {
  const Catalog catalog;
  EXPECT_EQ(catalog.find_metric("cpu"), std::nullopt);
  EXPECT_THAT(catalog.select({.metric = "cpu", .source = {}, .matchers = {}}), IsEmpty());
  EXPECT_THAT(catalog.sources("cpu"), IsEmpty());
  EXPECT_THAT(catalog.tag_keys("cpu"), IsEmpty());
  EXPECT_THAT(catalog.tag_values("cpu", "zone"), IsEmpty());
  EXPECT_THAT(catalog.metric_names(), IsEmpty());
  EXPECT_EQ(catalog.size(), 0U);
}

TEST(Catalog, NamesAreSortedAndFilteredByPrefix) {
  Catalog catalog;
  catalog.intern(key("net_out", "b", {{"zone", "us"}, {"zzz", "1"}}), now);
  catalog.intern(key("net_in", "b", {{"zone", "us"}}), now);
  catalog.intern(key("net_in", "a", {{"app", "x"}, {"zone", "eu"}}), now);
  catalog.intern(key("net_in", "a", {{"app", "y"}, {"zone", "eu"}}), now);
  catalog.intern(key("cpu", "c"), now);
  EXPECT_THAT(catalog.metric_names(), ElementsAre("cpu", "net_in", "net_out"));
  EXPECT_THAT(catalog.metric_names("net"), ElementsAre("net_in", "net_out"));
  EXPECT_THAT(catalog.sources("net_in"), ElementsAre("a", "b"));
  EXPECT_THAT(catalog.sources("net_in", "b"), ElementsAre("b"));
  EXPECT_THAT(catalog.tag_keys("net_in"), ElementsAre("app", "zone"));
  EXPECT_THAT(catalog.tag_values("net_in", "zone"), ElementsAre("eu", "us"));
  EXPECT_THAT(catalog.tag_values("net_in", "zzz"), IsEmpty());
  EXPECT_THAT(catalog.tag_values("net_in", ""), IsEmpty());
}

TEST(Catalog, RefusesNewSeriesOverTheMetricsLimitAndKeepsTheOld) {
  Catalog catalog({.per_metric = 2, .all = 100});
  const SeriesId a = catalog.intern(key("cpu", "a"), now).id;
  catalog.intern(key("cpu", "b"), now);
  EXPECT_EQ(catalog.intern(key("cpu", "c"), now).refusal, SeriesRefusal::metric_limit);
  EXPECT_EQ(catalog.intern(key("cpu", "a"), now).id, a);
  EXPECT_EQ(catalog.intern(key("cpu", "a"), now).refusal, SeriesRefusal::none);
  EXPECT_EQ(catalog.intern(key("mem", "c"), now).refusal, SeriesRefusal::none);
  EXPECT_EQ(catalog.find(key("cpu", "c")), std::nullopt);
  EXPECT_EQ(catalog.active(), 3U);
}

TEST(Catalog, RefusesNewSeriesOverTheLimitOfAll) {
  Catalog catalog({.per_metric = 100, .all = 2});
  catalog.intern(key("cpu", "a"), now);
  catalog.intern(key("mem", "a"), now);
  EXPECT_EQ(catalog.intern(key("disk", "a"), now).refusal, SeriesRefusal::total_limit);
  EXPECT_EQ(catalog.find_metric("disk"), std::nullopt);
}

TEST(Catalog, AdoptsOverEveryLimit) {
  Catalog catalog({.per_metric = 1, .all = 1});
  catalog.adopt(key("cpu", "a"), now);
  const SeriesId second = catalog.adopt(key("cpu", "b"), now);
  EXPECT_EQ(catalog.find(key("cpu", "b")), second);
  EXPECT_EQ(catalog.active(), 2U);
}

TEST(Catalog, FreesTheLimitOfSeriesIdleForADay) {
  Catalog catalog({.per_metric = 2, .all = 100});
  const SeriesId a = catalog.intern(key("cpu", "a"), now).id;
  catalog.intern(key("cpu", "b"), now);
  const Millis later = now + day;
  catalog.touch(a, later);
  catalog.recount(later);
  EXPECT_EQ(catalog.active(), 2U);
  catalog.recount(later + Duration{1});
  EXPECT_EQ(catalog.active(), 1U);
  EXPECT_EQ(catalog.intern(key("cpu", "c"), later).refusal, SeriesRefusal::none);
  EXPECT_EQ(catalog.intern(key("cpu", "d"), later).refusal, SeriesRefusal::metric_limit);
}

TEST(Catalog, CountsASeriesThatComesBackOnce) {
  Catalog catalog;
  const SeriesId a = catalog.intern(key("cpu", "a"), now).id;
  const Millis later = now + day + day;
  catalog.recount(later);
  EXPECT_EQ(catalog.active(), 0U);
  catalog.touch(a, now + Duration{1});
  EXPECT_EQ(catalog.active(), 0U);
  catalog.touch(a, later);
  catalog.touch(a, later + Duration{1});
  EXPECT_EQ(catalog.active(), 1U);
  catalog.recount(later);
  EXPECT_EQ(catalog.active(), 1U);
}

TEST(Catalog, RemembersTheLatestMomentOfASeries) {
  Catalog catalog;
  const SeriesId a = catalog.intern(key("cpu", "a"), now).id;
  catalog.touch(a, now + Duration{5});
  catalog.touch(a, now);
  EXPECT_EQ(catalog.last_seen(a), now + Duration{5});
}

TEST(Catalog, RestoresWhatAnotherOneHeld) {
  Catalog before;
  before.intern(key("cpu", "a", {{"zone", "eu"}}), now);
  before.intern(key("mem", "a"), now);
  before.intern(key("cpu", "b"), now);
  Catalog after;
  for (std::uint32_t id = 0; id < before.size(); ++id) ASSERT_TRUE(after.restore(before.at(SeriesId{id})));
  ASSERT_EQ(after.size(), before.size());
  for (std::uint32_t id = 0; id < before.size(); ++id) {
    EXPECT_EQ(after.at(SeriesId{id}), before.at(SeriesId{id}));
    EXPECT_EQ(after.find(before.at(SeriesId{id}).key), SeriesId{id});
  }
  const Selector all{.metric = "cpu", .source = {}, .matchers = {}};
  EXPECT_EQ(after.select(all), before.select(all));
  EXPECT_EQ(after.total(MetricId{1}), before.total(MetricId{1}));
  EXPECT_EQ(after.active(), 0U);
  after.adopt(key("cpu", "b"), now);
  EXPECT_EQ(after.active(), 1U);
}

TEST(Catalog, RestoresAroundIdsThatWereNeverCommitted) {
  Catalog catalog;
  ASSERT_TRUE(catalog.restore(definition(3, 2, key("cpu", "a"))));
  ASSERT_TRUE(catalog.restore(definition(7, 2, key("cpu", "b"))));
  EXPECT_EQ(catalog.size(), 8U);
  EXPECT_EQ(catalog.find_metric("cpu"), MetricId{2});
  EXPECT_THAT(catalog.metric_names(), ElementsAre("cpu"));
  EXPECT_THAT(catalog.select({.metric = "cpu", .source = {}, .matchers = {}}), ElementsAre(SeriesId{3}, SeriesId{7}));
  EXPECT_EQ(catalog.at(SeriesId{5}).key, SeriesKey{});
  // Its total was not committed either: it comes behind all that was.
  EXPECT_EQ(catalog.total(MetricId{2}), SeriesId{8});
  EXPECT_EQ(catalog.intern(key("mem", "a"), now).id, SeriesId{10});
  EXPECT_EQ(catalog.find_metric("mem"), MetricId{3});
}

TEST(Catalog, RefusesToRestoreWhatContradictsItself) {
  Catalog catalog;
  ASSERT_TRUE(catalog.restore(definition(1, 0, key("cpu", "a"))));
  const auto refused = [&catalog](const SeriesDefinition& broken) {
    const auto restored = catalog.restore(broken);
    return !restored && restored.error().code == ErrorCode::corrupt;
  };
  EXPECT_TRUE(refused(definition(1, 0, key("cpu", "b"))));
  EXPECT_TRUE(refused(definition(2, 0, key("cpu", "a"))));
  EXPECT_TRUE(refused(definition(2, 1, key("cpu", "b"))));
  EXPECT_TRUE(refused(definition(2, 0, key("mem", "b"))));
  EXPECT_TRUE(refused(definition(2, 0, key("", "b"))));
  EXPECT_TRUE(refused(definition(4'000'000'000, 0, key("cpu", "b"))));
  EXPECT_TRUE(refused(definition(2, 4'000'000'000, key("mem", "b"))));
  EXPECT_EQ(catalog.size(), 2U);
  EXPECT_TRUE(catalog.restore(definition(2, 0, key("cpu", "b"))));
}

TEST(Catalog, DescribesAMetricByItsSuffixUntilSomebodySaysBetter) {
  Catalog catalog;
  EXPECT_EQ(catalog.info("memory_used_bytes"), (MetricInfo{.unit = "bytes", .kind = "gauge", .help = {}}));
  catalog.set_info("memory_used_bytes", {.unit = "percent", .kind = "counter", .help = "Used."});
  EXPECT_EQ(catalog.info("memory_used_bytes"), (MetricInfo{.unit = "percent", .kind = "counter", .help = "Used."}));
}

TEST(GuessMetricInfo, ReadsUnitAndKindFromTheSuffix) {
  EXPECT_EQ(guess_metric_info("latency_seconds").unit, "seconds");
  EXPECT_EQ(guess_metric_info("hit_ratio").unit, "ratio");
  EXPECT_EQ(guess_metric_info("cpu_percent").unit, "percent");
  EXPECT_EQ(guess_metric_info("requests_total"), (MetricInfo{.unit = "", .kind = "counter", .help = {}}));
  EXPECT_EQ(guess_metric_info("sent_bytes_total"), (MetricInfo{.unit = "bytes", .kind = "counter", .help = {}}));
  EXPECT_EQ(guess_metric_info("megabytes"), MetricInfo{});
  EXPECT_EQ(guess_metric_info("bytes"), MetricInfo{});
  EXPECT_EQ(guess_metric_info(""), MetricInfo{});
}

TEST(Matcher, PassesValuesByItsOperator) {
  EXPECT_TRUE(matcher("t", Op::equals, {"a"}).matches("a"));
  EXPECT_FALSE(matcher("t", Op::equals, {"a"}).matches(""));
  EXPECT_TRUE(matcher("t", Op::equals, {""}).matches(""));
  EXPECT_TRUE(matcher("t", Op::not_equals, {"a"}).matches(""));
  EXPECT_FALSE(matcher("t", Op::not_equals, {"a"}).matches("a"));
  EXPECT_TRUE(matcher("t", Op::in, {"a", "b"}).matches("b"));
  EXPECT_FALSE(matcher("t", Op::in, {}).matches(""));
  EXPECT_TRUE(matcher("t", Op::prefix, {"ab"}).matches("abc"));
  EXPECT_FALSE(matcher("t", Op::prefix, {"ab"}).matches("a"));
}

TEST(Catalog, SelectsWhatAPlainScanWouldSelect) {
  const auto value = rc::gen::map(rc::gen::inRange(0, 4), [](int i) { return i == 0 ? "" : std::string(i, 'v'); });
  EXPECT_TRUE(rc::check([&value] {
    const auto series = *rc::gen::container<std::vector<std::array<std::string, 3>>>(
        rc::gen::container<std::array<std::string, 3>>(value));
    Catalog catalog;
    for (const auto& [source, zone, app] : series) {
      Tags tags;
      if (!app.empty()) tags.emplace_back("app", app);
      if (!zone.empty()) tags.emplace_back("zone", zone);
      catalog.intern(key("cpu", "s" + source, tags), now);
      catalog.intern(key("other", "s" + source, tags), now);
    }
    Selector selector{.metric = "cpu", .source = {}, .matchers = {}};
    if (*rc::gen::inRange(0, 3) == 0) selector.source = "s" + *value;
    const int conditions = *rc::gen::inRange(0, 4);
    for (int i = 0; i < conditions; ++i) {
      selector.matchers.push_back(matcher(*rc::gen::element<std::string>("app", "zone", "absent", ""),
                                          *rc::gen::element(Op::equals, Op::not_equals, Op::in, Op::prefix), {*value}));
      if (selector.matchers.back().key.empty()) selector.matchers.back().values[0].insert(0, "s");
      if (selector.matchers.back().op == Op::in) selector.matchers.back().values.push_back(*value);
    }

    std::vector<SeriesId> expected;
    for (std::uint32_t id = 0; id < catalog.size(); ++id) {
      const SeriesKey& one = catalog.at(SeriesId{id}).key;
      if (one.is_total() || one.metric != "cpu" || (selector.source && one.source != *selector.source)) continue;
      std::map<std::string, std::string> values(one.tags.begin(), one.tags.end());
      values[""] = one.source;
      const bool all = std::all_of(selector.matchers.begin(), selector.matchers.end(),
                                   [&values](const Matcher& m) { return m.matches(values[m.key]); });
      if (all) expected.push_back(SeriesId{id});
    }
    RC_ASSERT(catalog.select(selector) == expected);
  }));
}

TEST(Catalog, KeepsReferencesValidWhileItGrows) {
  Catalog catalog({.per_metric = 10'000, .all = 10'000});
  const SeriesDefinition& first = catalog.at(catalog.intern(key("cpu", "first"), now).id);
  for (int i = 0; i < 9'000; ++i) catalog.intern(key("cpu", std::to_string(i), {{"n", std::to_string(i % 7)}}), now);
  EXPECT_EQ(first.key.source, "first");
  EXPECT_EQ(&catalog.at(first.id), &first);
  for (int i = 0; i < 9'000; ++i) {
    ASSERT_EQ(
        catalog.at(catalog.find(key("cpu", std::to_string(i), {{"n", std::to_string(i % 7)}})).value()).key.source,
        std::to_string(i));
  }
}

TEST(Catalog, GivesThreadsThatInternTheSameKeysTheSameIds) {
  constexpr int threads = 4;
  constexpr int keys = 3'000;
  Catalog catalog;
  std::vector<std::vector<SeriesId>> ids(threads, std::vector<SeriesId>(keys));
  {
    std::vector<std::jthread> running;
    for (int t = 0; t < threads; ++t) {
      running.emplace_back([&catalog, &mine = ids[static_cast<std::size_t>(t)], t] {
        for (int i = 0; i < keys; ++i) {
          const int k = t % 2 == 0 ? i : keys - 1 - i;
          const SeriesKey one =
              key("m" + std::to_string(k % 5), "s" + std::to_string(k), {{"zone", std::to_string(k % 3)}});
          mine[static_cast<std::size_t>(k)] = catalog.intern(one, now + Duration{k}).id;
          if (catalog.at(mine[static_cast<std::size_t>(k)]).key != one) std::abort();
        }
      });
    }
    running.emplace_back([&catalog] {
      const Selector selector{.metric = "m1", .source = {}, .matchers = {matcher("zone", Op::not_equals, {"1"})}};
      std::size_t most = 0;
      while (most < keys / 5 - keys / 15) {
        const auto selected = catalog.select(selector);
        if (selected.size() < most || !std::is_sorted(selected.begin(), selected.end())) std::abort();
        most = selected.size();
        catalog.recount(now);
        if (catalog.metric_names("m").size() > 5 || catalog.tag_values("m1", "zone").size() > 3) std::abort();
        if (catalog.size() > 0 && catalog.at(SeriesId{catalog.size() - 1}).key.metric.empty()) std::abort();
      }
    });
  }
  for (int t = 1; t < threads; ++t) EXPECT_EQ(ids[static_cast<std::size_t>(t)], ids[0]);
  EXPECT_EQ(std::set<SeriesId>(ids[0].begin(), ids[0].end()).size(), static_cast<std::size_t>(keys));
  EXPECT_EQ(catalog.size(), static_cast<std::uint32_t>(keys + 5));
  EXPECT_EQ(catalog.active(), static_cast<std::uint32_t>(keys));
}

}  // namespace
}  // namespace millrace
