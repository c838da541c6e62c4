#include "query/query.hpp"

#include <gtest/gtest.h>

#include <string>

namespace millrace {
namespace {

constexpr Millis now{1'767'322'800'000};  // 2026-01-02T03:00:00Z

Millis at(std::string_view text) {
  const auto time = parse_time(text, now);
  EXPECT_TRUE(time) << text;
  return time.value_or(Millis{-1});
}

TEST(ParseTime, TakesRfc3339EpochMillisecondsAndTimesFromNow) {
  EXPECT_EQ(at("2026-01-02T03:00:00Z"), now);
  EXPECT_EQ(at("2026-01-02T04:00:00.250+01:00"), now + Duration{250});
  EXPECT_EQ(at("1767322800000"), now);
  EXPECT_EQ(at("0"), Millis{0});
  EXPECT_EQ(at("-1"), Millis{-1});
  EXPECT_EQ(at("now"), now);
  EXPECT_EQ(at("now-15m"), now - Duration{900'000});
  EXPECT_EQ(at("now-250ms"), now - Duration{250});
  EXPECT_EQ(at("now-2h"), now - Duration{7'200'000});
  EXPECT_EQ(at("now-7d"), now - Duration{7LL * 86'400'000});
  EXPECT_EQ(at("now-1w"), at("now-7d"));
  EXPECT_EQ(at("now+30s"), now + Duration{30'000});
}

TEST(ParseTime, RefusesEverythingElseNamingTheValidForms) {
  for (const char* text : {"", "yesterday", "now-", "now-5", "now-5x", "now-1.5h", "now 5m", "now--5m", "nowish",
                           "2026-01-02T03:00:00", "12e3", "1767322800000ms", "99999999999999999999", "9999999999999999",
                           "now-99999999999999999999d", "now-4000000000000w"}) {
    const auto time = parse_time(text, now);
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(time.error().message.find("now-15m"), std::string::npos) << time.error().message;
    EXPECT_NE(time.error().message.find("RFC 3339"), std::string::npos);
  }
  EXPECT_LT(parse_time(std::string(10'000, 'x'), now).error().message.size(), 400U);
}

TEST(ParseResolution, TakesLevelsAndMultiplesOfTenSeconds) {
  EXPECT_EQ(parse_resolution("raw")->kind, Resolution::Kind::raw);
  EXPECT_EQ(parse_resolution("auto")->kind, Resolution::Kind::automatic);
  EXPECT_EQ(parse_resolution("10s")->width, Duration{10'000});
  EXPECT_EQ(parse_resolution("60s")->width, Duration{60'000});
  EXPECT_EQ(parse_resolution("5m")->width, Duration{300'000});
  EXPECT_EQ(parse_resolution("1h")->width, Duration{3'600'000});
  EXPECT_EQ(parse_resolution("1d")->width, Duration{86'400'000});
}

TEST(ParseResolution, RefusesOthersAndListsTheValidOnes) {
  for (const char* text :
       {"", "0s", "15s", "1s", "10", "10000ms", "-10s", "+10s", "1.5m", "10 s", "RAW", "9999999h", "10ss"}) {
    const auto resolution = parse_resolution(text);
    ASSERT_FALSE(resolution) << text;
    EXPECT_EQ(resolution.error().code, ErrorCode::invalid_argument);
    for (const char* valid : {"raw", "10s", "1m", "1h", "auto", "multiple of 10 s"}) {
      EXPECT_NE(resolution.error().message.find(valid), std::string::npos) << valid;
    }
  }
}

TEST(Resolution, IsWrittenInItsLargestUnit) {
  for (const char* text : {"raw", "auto", "10s", "90s", "1m", "90m", "1h", "36h", "1d", "7d"}) {
    EXPECT_EQ(to_string(*parse_resolution(text)), text);
  }
  EXPECT_EQ(to_string(*parse_resolution("60s")), "1m");
  EXPECT_EQ(to_string(*parse_resolution("24h")), "1d");
}

TEST(ParseField, KnowsEveryFieldByItsName) {
  for (int i = 0; i <= static_cast<int>(Field::histogram); ++i) {
    const auto field = static_cast<Field>(i);
    ASSERT_TRUE(parse_field(name(field)));
    EXPECT_EQ(*parse_field(name(field)), field);
  }
  const auto unknown = parse_field("p50 ");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("histogram"), std::string::npos);
}

}  // namespace
}  // namespace millrace
