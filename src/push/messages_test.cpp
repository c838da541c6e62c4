#include "push/messages.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace millrace {
namespace {

constexpr Millis at{1'767'323'050'000};  // 2026-01-02T03:04:10Z

TEST(Messages, HaveTheShapesOfTheInterface) {
  EXPECT_EQ(hello_message("abc", at, Duration{100}),
            R"({"type":"hello","epoch":"abc","serverTime":"2026-01-02T03:04:10.000Z","tickMs":100})");
  const std::vector<std::string_view> points{R"({"a":1})", R"({"a":2})"};
  EXPECT_EQ(snapshot_message({}, points), R"({"type":"snapshot","points":[{"a":1},{"a":2}]})");
  EXPECT_EQ(snapshot_message(3, {}), R"({"type":"snapshot","topic":3,"points":[]})");
  EXPECT_EQ(point_message({}, R"({"a":1})", 9, at, at + Duration{5}),
            R"({"type":"point","point":{"a":1},"seq":9,"eventTime":"2026-01-02T03:04:10.000Z",)"
            R"("publishedAt":"2026-01-02T03:04:10.005Z"})");
  EXPECT_EQ(point_message(0, R"({"a":1})", 9, at, at).substr(0, 45),
            R"({"type":"point","topic":0,"point":{"a":1},"se)");
  EXPECT_EQ(gap_message({}, Millis::never(), at), R"({"type":"gap","from":null,"to":"2026-01-02T03:04:10.000Z"})");
  EXPECT_EQ(plain_message({}, R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(plain_message(2, R"({"a":1})"), R"({"topic":2,"a":1})");
  EXPECT_TRUE(state_message({}).starts_with(R"({"type":"state","freshness":{"state":"current")"));
}

TEST(EventId, IsReadBackOnlyWithItsOwnEpoch) {
  EXPECT_EQ(event_id("abc", 12), "abc-12");
  EXPECT_EQ(parse_event_id("abc-12", "abc"), 12U);
  EXPECT_EQ(parse_event_id("abc-0", "abc"), 0U);
  for (const char* other :
       {"abd-12", "abc-", "abc", "", "abc12", "abc--1", "abc-1x", "abc-99999999999999999999", "ab-12"}) {
    EXPECT_EQ(parse_event_id(other, "abc"), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace millrace
