#include "ingest/json_cursor.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <simdjson.h>

#include <string>
#include <vector>

namespace millrace {
namespace {

bool reads(std::string_view text) {
  JsonCursor cursor;
  cursor.open(text);
  cursor.skip_space();
  if (!cursor.skip(0)) return false;
  cursor.skip_space();
  return cursor.at_end();
}

std::string value(int depth) {
  static const std::vector<std::string> leaves = {"0", "-1", "1.25", "1e5", "1E-3", "true", "false", "null", "\"\"",
                                                  "\"a\"", "\"\\n\\u0041\\\\\"", "\"\\ud83d\\ude00\"", "\"é\"",
                                                  // Wrong ones:
                                                  "01", "1.", "+1", "tru", "nulll", "'a'", "\"\\x\"", "\"\\ud800\"",
                                                  "\"\t\"", "\"a", ",", "", "NaN", "\"\\u12\""};
  const int kind = *rc::gen::inRange(0, depth > 3 ? 4 : 6);
  if (kind < 4) return *rc::gen::elementOf(leaves);
  std::string out = kind == 4 ? "[" : "{";
  const int count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) {
    if (i > 0) out += *rc::gen::weightedElement<std::string>({{20, ","}, {10, " , "}, {1, ""}, {1, ",,"}});
    if (kind == 5) {
      out += *rc::gen::weightedElement<std::string>(
          {{20, "\"k\":"}, {10, "\"k\" : "}, {1, "k:"}, {1, "\"k\""}, {1, "1:"}});
    }
    out += value(depth + 1);
  }
  return out + *rc::gen::weightedElement<std::string>({{40, kind == 4 ? "]" : "}"}, {1, ""}, {1, "]"}, {1, "}"}});
}

TEST(JsonCursor, AcceptsWhatSimdjsonAcceptsAndNothingElse) {
  EXPECT_TRUE(rc::check([] {
    const std::string text = value(0);
    simdjson::dom::parser oracle;
    const bool expected = oracle.parse(text).error() == simdjson::SUCCESS;
    RC_ASSERT(reads(text) == expected);
  }));
}

TEST(JsonCursor, UnescapesAsSimdjsonDoes) {
  EXPECT_TRUE(rc::check([] {
    static const std::vector<std::string> parts = {
        "a", "\\n", "\\\"", "\\\\", "\\/", "\\b\\f\\r\\t", "\\u0000", "\\u00e9", "\\u20AC", "\\uD83D\\uDe00", "北"};
    std::string text = "\"";
    const int count = *rc::gen::inRange(0, 8);
    for (int i = 0; i < count; ++i) text += *rc::gen::elementOf(parts);
    text += "\"";
    simdjson::dom::parser oracle;
    std::string_view expected;
    RC_ASSERT(oracle.parse(text).get(expected) == simdjson::SUCCESS);
    JsonCursor cursor;
    cursor.open(text);
    const auto read = cursor.string();
    RC_ASSERT(read.has_value());
    RC_ASSERT(cursor.view(*read) == expected);
  }));
}

TEST(JsonCursor, NamesTheByteThatIsWrong) {
  JsonCursor cursor;
  cursor.open("[1,\x01]");
  const auto done = cursor.skip(0);
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().reason, Rejection::not_json);
  EXPECT_EQ(done.error().message, "byte 4: expected a value, found \"\\u0001\"");
}

}  // namespace
}  // namespace millrace
