#include "app/demo/shop.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace millrace {
namespace {

TEST(Shop, GivesTheSameEventsForTheSameSeed) {
  Shop a(7);
  Shop b(7);
  const auto first = a.second(Millis{1'000'000});
  const auto second = b.second(Millis{1'000'000});
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].value, second[i].value);
    EXPECT_EQ(first[i].at, second[i].at);
  }
}

TEST(Shop, HasTwentySourcesRisingCountersAndEventsInOrderWithinTheSecond) {
  Shop shop(1);
  std::map<std::string_view, double> counters;
  std::set<std::string_view> sources;
  for (std::int64_t s = 0; s < 120; ++s) {
    Millis before{s * 1000};
    for (const ShopEvent& event : shop.second(Millis{s * 1000})) {
      EXPECT_GE(event.at, before);
      EXPECT_LT(event.at, Millis{(s + 1) * 1000});
      before = event.at;
      sources.insert(event.source);
      if (event.metric != "shop_requests_total") continue;
      EXPECT_GE(event.value, counters[event.source]);
      counters[event.source] = event.value;
    }
  }
  EXPECT_EQ(sources.size(), 20U);
}

}  // namespace
}  // namespace millrace
