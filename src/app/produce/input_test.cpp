#include "app/produce/input.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <vector>

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Seen {
  std::vector<std::string> lines;
  std::vector<std::optional<Millis>> times;
  std::vector<std::uint64_t> bad;
  bool ok = false;
};

Seen read(const std::string& text) {
  std::istringstream in(text);
  Seen seen;
  seen.ok = EventInput(in, true)
                .read(
                    [&](const InputEvent& event) {
                      seen.lines.emplace_back(event.line);
                      seen.times.push_back(event.time);
                    },
                    [&](std::uint64_t line, const std::string&) { seen.bad.push_back(line); })
                .has_value();
  return seen;
}

TEST(EventInput, PassesNdjsonLinesAsTheyAreWithoutBlanksAndLineEnds) {
  const Seen seen = read("\n{\"value\":1,\"timestamp\":5}\r\n  \n{\"value\":2,\"timestamp\":\"1970-01-01T00:00:01Z\"}");
  EXPECT_TRUE(seen.ok);
  EXPECT_THAT(seen.lines,
              ElementsAre("{\"value\":1,\"timestamp\":5}", "{\"value\":2,\"timestamp\":\"1970-01-01T00:00:01Z\"}"));
  EXPECT_THAT(seen.times, ElementsAre(Millis{5}, Millis{1000}));
}

TEST(EventInput, TurnsCsvIntoEventsAndNamesBadRecordsByLine) {
  const Seen seen = read(
      "metric_name,source_id,timestamp,value,zone\ncpu,a,1790000000005,1.5,eu\ncpu,a,1790000000006,wrong,eu\ncpu,a,"
      "1790000000007,2,\n");
  EXPECT_TRUE(seen.ok);
  ASSERT_EQ(seen.lines.size(), 2U);
  EXPECT_THAT(seen.lines[0], HasSubstr("\"tags\":{\"zone\":\"eu\"}"));
  EXPECT_THAT(seen.lines[1], Not(HasSubstr("tags")));
  EXPECT_THAT(seen.times, ElementsAre(Millis{1'790'000'000'005}, Millis{1'790'000'000'007}));
  EXPECT_THAT(seen.bad, ElementsAre(3U));
}

TEST(EventInput, RefusesEmptyInputAndAFileWithoutAHeader) {
  EXPECT_FALSE(read("").ok);
  EXPECT_FALSE(read("a,b\n1,2\n").ok);
}

TEST(WithTime, ReplacesOnlyTheTimestamp) {
  EXPECT_EQ(*with_time(R"({"metric_name":"a\"b","timestamp":"2026-01-01T00:00:00Z","value":1.50,"tags":{"k":"v"}})",
                       Millis{9}),
            R"({"timestamp":9,"metric_name":"a\"b","value":1.5,"tags":{"k":"v"}})");
  EXPECT_EQ(with_time("not json", Millis{9}), std::nullopt);
}

}  // namespace
}  // namespace millrace
