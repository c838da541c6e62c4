#include "ingest/series_cache.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <string>
#include <tuple>

namespace millrace {
namespace {

/// A name with readable bytes behind each span.
struct Name {
  Name(std::string m, std::string s, std::string t) : metric(std::move(m)), source(std::move(s)), tags(std::move(t)) {
    raw.metric_size = static_cast<std::uint32_t>(metric.size());
    raw.source_size = static_cast<std::uint32_t>(source.size());
    raw.tags_size = static_cast<std::uint32_t>(tags.size());
    for (std::string* text : {&metric, &source, &tags}) text->append(16, '#');
    raw.metric = metric.data();
    raw.source = source.data();
    raw.tags = tags.data();
  }
  Name(const Name&) = delete;
  Name& operator=(const Name&) = delete;

  std::string metric, source, tags;
  RawName raw;
};

TEST(SeriesCache, FindsWhatWasInserted) {
  SeriesCache cache;
  const Name name("cpu", "host-0001", R"("dc":"eu")");
  EXPECT_EQ(cache.find(name.raw, cache.hash(name.raw)), nullptr);
  cache.insert(name.raw, cache.hash(name.raw), SeriesId{7}, PartitionId{3}, 5);
  const SeriesCache::Entry* found = cache.find(name.raw, cache.hash(name.raw));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->series, SeriesId{7});
  EXPECT_EQ(found->partition, PartitionId{3});
  EXPECT_EQ(found->minute, 5U);
}

TEST(SeriesCache, KeepsSpansApart) {
  SeriesCache cache;
  const Name one("ab", "c", "");
  const Name two("a", "bc", "");
  const Name three("ab", "", "c");
  cache.insert(one.raw, cache.hash(one.raw), SeriesId{1}, PartitionId{0}, 0);
  EXPECT_EQ(cache.find(two.raw, cache.hash(two.raw)), nullptr);
  EXPECT_EQ(cache.find(three.raw, cache.hash(three.raw)), nullptr);
  // Even where the hash is the same, the bytes decide.
  EXPECT_EQ(cache.find(two.raw, cache.hash(one.raw)), nullptr);
  EXPECT_EQ(cache.find(three.raw, cache.hash(one.raw)), nullptr);
}

TEST(SeriesCache, AnswersLikeAMap) {
  EXPECT_TRUE(rc::check([] {
    SeriesCache cache;
    std::map<std::tuple<std::string, std::string, std::string>, std::uint32_t> oracle;
    const auto names = *rc::gen::container<std::vector<std::tuple<std::string, std::string, std::string>>>(
        rc::gen::tuple(rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab"))),
                       rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab"))),
                       rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab")))));
    std::uint32_t next = 0;
    for (const auto& key : names) {
      const Name name(std::get<0>(key), std::get<1>(key), std::get<2>(key));
      const auto* found = cache.find(name.raw, cache.hash(name.raw));
      const auto known = oracle.find(key);
      RC_ASSERT((found != nullptr) == (known != oracle.end()));
      if (found != nullptr) {
        RC_ASSERT(found->series.value == known->second);
      } else {
        oracle[key] = next;
        cache.insert(name.raw, cache.hash(name.raw), SeriesId{next++}, PartitionId{0}, 0);
      }
    }
    RC_ASSERT(cache.size() == oracle.size());
  }));
}

TEST(SeriesCache, KeepsAllOfManyNames) {
  SeriesCache cache;
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    const Name name("metric", "source-" + std::to_string(i), std::string(i % 90, 't'));
    cache.insert(name.raw, cache.hash(name.raw), SeriesId{i}, PartitionId{0}, 0);
  }
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    const Name name("metric", "source-" + std::to_string(i), std::string(i % 90, 't'));
    const auto* found = cache.find(name.raw, cache.hash(name.raw));
    ASSERT_NE(found, nullptr);
    ASSERT_EQ(found->series.value, i);
  }
}

TEST(SeriesCache, StaysWithinItsBounds) {
  SeriesCache cache(SeriesCache::Limits{.entries = 1000, .bytes = 4U << 20});
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const Name name("m", std::to_string(i), std::string(i % 70 == 0 ? 60'000 : 10, 't'));
    cache.insert(name.raw, cache.hash(name.raw), SeriesId{i}, PartitionId{0}, 0);
    ASSERT_LE(cache.size(), 1000U);
    ASSERT_LE(cache.memory(), 6U << 20);
    ASSERT_NE(cache.find(name.raw, cache.hash(name.raw)), nullptr);
  }
}

}  // namespace
}  // namespace millrace
