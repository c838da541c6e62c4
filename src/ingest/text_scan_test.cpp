#include "ingest/text_scan.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <simdjson.h>

#include <string>

namespace millrace {
namespace {

constexpr std::size_t none = std::string_view::npos;

TEST(TextScan, TellsWhereAValueEnds) {
  EXPECT_EQ(value_size(R"({"a":[1,{"b":"}"}]},x)"), 19U);
  EXPECT_EQ(value_size(R"("a\"]b",1)"), 7U);
  EXPECT_EQ(value_size("12,3"), 2U);
  EXPECT_EQ(value_size("12]"), 2U);
  EXPECT_EQ(value_size("12"), 2U);
  EXPECT_EQ(value_size("]"), 0U);
  EXPECT_EQ(value_size(","), 0U);
  EXPECT_EQ(value_size(""), 0U);
}

TEST(TextScan, CantTellWhereAnOpenValueEnds) {
  EXPECT_EQ(value_size("{\"a\":1"), none);
  EXPECT_EQ(value_size("{\"a"), none);
  EXPECT_EQ(value_size("{\"a\n\":1}"), none);
  EXPECT_EQ(value_size("\"a\\"), none);
}

TEST(TextScan, FindsTheFirstByteThatIsNoUtf8) {
  EXPECT_EQ(invalid_utf8_at("aé北\U0001F600"), none);
  EXPECT_EQ(invalid_utf8_at("ab\xFF"), 2U);
  EXPECT_EQ(invalid_utf8_at("a\xE5\x8C"), 1U);
  EXPECT_EQ(invalid_utf8_at("\xF4\x90\x80\x80"), 0U);
}

TEST(TextScan, CallsUtf8WhatSimdjsonCallsUtf8) {
  EXPECT_TRUE(rc::check([] {
    std::string text;
    const auto picks = *rc::gen::container<std::string>(
        rc::gen::elementOf(std::string("a\x80\x8F\x90\x9F\xA0\xBF\xC0\xC2\xDF\xE0\xE1\xED\xEF\xF0\xF1\xF4\xF5\xFF")));
    text = picks;
    RC_ASSERT((invalid_utf8_at(text) == none) == simdjson::validate_utf8(text));
  }));
}

TEST(TextScan, TrimsJsonsWhiteSpaceOnly) {
  EXPECT_EQ(trim(" \t\r\na b\n "), "a b");
  EXPECT_EQ(trim("\v"), "\v");
  EXPECT_EQ(trim(" \n"), "");
}

}  // namespace
}  // namespace millrace
