#include "model/rfc3339.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <limits>

namespace millrace {
namespace {

using testing::HasSubstr;

std::int64_t ms(std::string_view text) {
  const auto at = parse_rfc3339(text);
  EXPECT_TRUE(at.has_value()) << text << ": " << (at ? "" : at.error().message);
  return at ? at->value : std::numeric_limits<std::int64_t>::min();
}

TEST(Rfc3339, ReadsKnownMoments) {
  EXPECT_EQ(ms("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(ms("2026-01-02T03:04:10.000Z"), 1767323050000);
  EXPECT_EQ(ms("1969-12-31T23:59:59.999Z"), -1);
  EXPECT_EQ(ms("0000-01-01T00:00:00Z"), -62167219200000);
  EXPECT_EQ(ms("9999-12-31T23:59:59.999Z"), 253402300799999);
}

TEST(Rfc3339, SubtractsTheZone) {
  EXPECT_EQ(ms("1970-01-01T01:00:00+01:00"), 0);
  EXPECT_EQ(ms("1969-12-31T18:30:00-05:30"), 0);
  EXPECT_EQ(ms("1970-01-01T00:00:00-00:00"), 0);
  EXPECT_EQ(ms("1970-01-01T23:59:00+23:59"), 0);
}

TEST(Rfc3339, TakesLowerCaseLetters) { EXPECT_EQ(ms("1970-01-01t00:00:01z"), 1000); }

TEST(Rfc3339, CutsFractionsToMilliseconds) {
  EXPECT_EQ(ms("1970-01-01T00:00:00.1Z"), 100);
  EXPECT_EQ(ms("1970-01-01T00:00:00.12Z"), 120);
  EXPECT_EQ(ms("1970-01-01T00:00:00.123999999Z"), 123);
  EXPECT_EQ(ms("1970-01-01T00:00:00.000999Z"), 0);
}

TEST(Rfc3339, KnowsLeapDays) {
  EXPECT_EQ(ms("2024-02-29T00:00:00Z"), 1709164800000);
  EXPECT_EQ(ms("2000-02-29T00:00:00Z"), 951782400000);
  EXPECT_FALSE(parse_rfc3339("2023-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("1900-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2024-04-31T00:00:00Z"));
}

TEST(Rfc3339, TakesALeapSecondAsTheOneThatFollows) {
  EXPECT_EQ(ms("2016-12-31T23:59:60Z"), ms("2017-01-01T00:00:00Z"));
  EXPECT_EQ(ms("2016-12-31T23:59:60.5Z"), ms("2017-01-01T00:00:00.5Z"));
  EXPECT_EQ(ms("2017-01-01T00:59:60+01:00"), ms("2017-01-01T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2016-12-31T12:00:60Z"));
}

TEST(Rfc3339, RefusesAndNamesThePart) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "year"},
      {"26-01-02T03:04:05Z", "year"},
      {"2026-13-02T03:04:05Z", "01 to 12"},
      {"2026-01-00T03:04:05Z", "-DD"},
      {"2026-01-02 03:04:05Z", "expected T"},
      {"2026-01-02T24:00:00Z", "hour"},
      {"2026-01-02T03:60:00Z", ":MM"},
      {"2026-01-02T03:04:61Z", ":SS"},
      {"2026-01-02T03:04Z", ":SS"},
      {"2026-01-02T03:04:05", "zone is missing"},
      {"2026-01-02T03:04:05.Z", "fraction"},
      {"2026-01-02T03:04:05.1234567890Z", "fraction"},
      {"2026-01-02T03:04:05,5Z", "zone is missing"},
      {"2026-01-02T03:04:05+0100", "zone must be"},
      {"2026-01-02T03:04:05+24:00", "zone must be"},
      {"2026-01-02T03:04:05+01:60", "zone must be"},
      {"2026-01-02T03:04:05Zx", "after the zone"},
      {"2026-01-02T03:04:05Z ", "after the zone"},
      {"-026-01-02T03:04:05Z", "year"},
  };
  for (const auto& [text, expected] : cases) {
    const auto at = parse_rfc3339(text);
    ASSERT_FALSE(at) << text;
    EXPECT_EQ(at.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(at.error().message, HasSubstr(expected)) << text;
  }
}

TEST(Rfc3339, WritesUtcWithMilliseconds) {
  EXPECT_EQ(format_rfc3339(Millis{1767323050000}), "2026-01-02T03:04:10.000Z");
  EXPECT_EQ(format_rfc3339(Millis{-1}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_rfc3339(Millis{1709164800007}), "2024-02-29T00:00:00.007Z");
}

TEST(Rfc3339, WritesYearsBeyondFourDigitsWithASign) {
  EXPECT_EQ(format_rfc3339(Millis{253402300800000}), "+010000-01-01T00:00:00.000Z");
  EXPECT_EQ(format_rfc3339(Millis{-62167219200001}), "-000001-12-31T23:59:59.999Z");
  EXPECT_EQ(format_rfc3339(Millis{std::numeric_limits<std::int64_t>::max()}), "+292278994-08-17T07:12:55.807Z");
}

TEST(Rfc3339, ReadsBackWhatItWrote) {
  EXPECT_TRUE(rc::check([] {
    const Millis at{*rc::gen::inRange<std::int64_t>(-62167219200000, 253402300800000)};
    const auto back = parse_rfc3339(format_rfc3339(at));
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == at);
  }));
}

}  // namespace
}  // namespace millrace
