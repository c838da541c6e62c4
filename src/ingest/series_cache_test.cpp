#include "ingest/series_cache.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <string>
#include <tuple>

namespace millrace {
namespace {

/// An event with readable bytes behind it.
struct Event {
  Event(const std::string& metric, const std::string& source, const std::string& tags) {
    const auto add = [this](const std::string& part) {
      const RawEvent::Span span{static_cast<std::uint32_t>(text.size()), static_cast<std::uint32_t>(part.size())};
      text += part;
      return span;
    };
    add("{m:");
    raw.metric = add(metric);
    add(",value:");
    raw.value = add("1.5");
    add(",s:");
    raw.source = add(source);
    add(",time:");
    raw.time = add("1795000000000");
    add(",t:");
    raw.tags = add(tags);
    add("}");
    raw.size = static_cast<std::uint32_t>(text.size());
    text.append(16, '#');
    raw.text = text.data();
  }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  std::string text;
  RawEvent raw;
};

TEST(SeriesCache, FindsWhatWasInserted) {
  SeriesCache cache;
  const Event name("cpu", "host-0001", R"("dc":"eu")");
  EXPECT_EQ(cache.find(name.raw), nullptr);
  cache.insert(name.raw, SeriesId{7}, PartitionId{3}, 5);
  const SeriesCache::Entry* found = cache.find(name.raw);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->series, SeriesId{7});
  EXPECT_EQ(found->partition, PartitionId{3});
  EXPECT_EQ(found->minute, 5U);
}

TEST(SeriesCache, KeepsSpansApart) {
  SeriesCache cache;
  const Event one("ab", "c", "");
  const Event two("a", "bc", "");
  const Event three("ab", "", "c");
  cache.insert(one.raw, SeriesId{1}, PartitionId{0}, 0);
  EXPECT_EQ(cache.find(two.raw), nullptr);
  EXPECT_EQ(cache.find(three.raw), nullptr);
}

TEST(SeriesCache, KeepsTheTextWithoutValueAndTime) {
  SeriesCache cache;
  const Event event("cpu", "a", "x");
  cache.insert(event.raw, SeriesId{1}, PartitionId{0}, 0);
  const SeriesCache::Entry* entry = cache.find(event.raw);
  ASSERT_NE(entry, nullptr);
  const std::string_view text(entry->bytes(), std::size_t{entry->prefix} + entry->middle + entry->suffix);
  EXPECT_EQ(text, "{m:cpu,value:,s:a,time:,t:x}");
  EXPECT_EQ(text.substr(0, entry->prefix), "{m:cpu,value:");
  EXPECT_EQ(text.substr(entry->prefix, entry->middle), ",s:a,time:");
  EXPECT_TRUE(entry->timed);
  EXPECT_FALSE(entry->time_first);
}

TEST(SeriesCache, GuessesWhatCameNextBefore) {
  SeriesCache cache;
  EXPECT_EQ(cache.guess(), nullptr);
  const Event one("1", "", "");
  const Event two("2", "", "");
  const Event three("3", "", "");
  for (const Event* event : {&one, &two, &three}) {
    cache.insert(event->raw, SeriesId{static_cast<std::uint32_t>(event->text[3] - '0')}, PartitionId{0}, 0);
  }
  EXPECT_EQ(cache.guess(), nullptr);
  ASSERT_NE(cache.find(one.raw), nullptr);
  cache.met_found();
  for (const std::uint32_t expected : {2U, 3U, 1U, 2U}) {
    ASSERT_NE(cache.guess(), nullptr);
    EXPECT_EQ(cache.guess()->series, SeriesId{expected});
    cache.met_guess();
  }
  ASSERT_NE(cache.find(one.raw), nullptr);
  cache.met_found();
  EXPECT_EQ(cache.guess()->series, SeriesId{2});
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
      const Event name(std::get<0>(key), std::get<1>(key), std::get<2>(key));
      const auto* found = cache.find(name.raw);
      const auto known = oracle.find(key);
      RC_ASSERT((found != nullptr) == (known != oracle.end()));
      if (found != nullptr) {
        RC_ASSERT(found->series.value == known->second);
      } else {
        oracle[key] = next;
        cache.insert(name.raw, SeriesId{next++}, PartitionId{0}, 0);
      }
    }
    RC_ASSERT(cache.size() == oracle.size());
  }));
}

TEST(SeriesCache, KeepsAllOfManyNames) {
  SeriesCache cache;
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    const Event name("metric", "source-" + std::to_string(i), std::string(i % 90, 't'));
    cache.insert(name.raw, SeriesId{i}, PartitionId{0}, 0);
  }
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    const Event name("metric", "source-" + std::to_string(i), std::string(i % 90, 't'));
    const auto* found = cache.find(name.raw);
    ASSERT_NE(found, nullptr);
    ASSERT_EQ(found->series.value, i);
  }
}

TEST(SeriesCache, StaysWithinItsBounds) {
  SeriesCache cache(SeriesCache::Limits{.entries = 1000, .bytes = 4U << 20});
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const Event name("m", std::to_string(i), std::string(i % 70 == 0 ? 60'000 : 10, 't'));
    cache.insert(name.raw, SeriesId{i}, PartitionId{0}, 0);
    ASSERT_LE(cache.size(), 1000U);
    ASSERT_LE(cache.memory(), 6U << 20);
    ASSERT_NE(cache.find(name.raw), nullptr);
  }
}

}  // namespace
}  // namespace millrace
