#include "ingest/event_parser.hpp"

#include "model/partitioning.hpp"
#include "model/rfc3339.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Millis arrival{1'795'000'000'000};

struct Flat {
  SeriesKey key;
  Millis time;
  double value;
};

/// A parser with its catalog, and its answers in words.
class Door {
 public:
  explicit Door(IngestLimits limits = {}, SeriesLimits series = {}) : catalog(series), parser(catalog, 4, limits) {}

  Parsed parse(std::string_view body) {
    auto parsed = parser.parse_json(body, arrival);
    EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().message);
    return parsed ? std::move(*parsed) : Parsed{};
  }
  std::vector<Flat> events(const Parsed& parsed) const {
    std::vector<Flat> out;
    for (const Section& section : parsed.batch.sections) {
      for (std::size_t i = 0; i < section.size(); ++i) {
        out.push_back(Flat{catalog.at(section.series[i]).key, section.time[i], section.value[i]});
      }
    }
    return out;
  }
  Flat one(std::string_view body) {
    const Parsed parsed = parse(body);
    EXPECT_EQ(parsed.rejected, 0U) << body << ": " << (parsed.errors.empty() ? "" : parsed.errors[0].message);
    const auto all = events(parsed);
    EXPECT_THAT(all, SizeIs(1)) << body;
    return all.empty() ? Flat{} : all[0];
  }
  EventError refused(std::string_view body) {
    const Parsed parsed = parse(body);
    EXPECT_EQ(parsed.batch.size(), 0U) << body;
    EXPECT_EQ(parsed.rejected, 1U) << body;
    return parsed.errors.empty() ? EventError{0, Rejection::count_, ""} : parsed.errors[0];
  }

  Catalog catalog;
  EventParser parser;
};

std::string event(std::string_view fields) {
  return R"({"metric_name":"cpu","source_id":"a",)" + std::string(fields) + "}";
}
std::string named(std::string_view name) { return R"({"metric_name":")" + std::string(name) + R"(","value":1})"; }
std::string tagged(std::string_view tags) { return event(R"("value":1,"tags":)" + std::string(tags)); }
std::string timed(std::string_view time) { return event(R"("value":1,"timestamp":)" + std::string(time)); }

TEST(EventParser, ReadsAnEvent) {
  Door door;
  const Flat read = door.one(
      R"({"metric_name":"cpu","source_id":"host-1","value":51.25,"timestamp":1794999999000,"tags":{"b":"2","a":"1"}})");
  EXPECT_EQ(read.key, (SeriesKey{"cpu", "host-1", {{"a", "1"}, {"b", "2"}}}));
  EXPECT_EQ(read.time, Millis{1'794'999'999'000});
  EXPECT_EQ(read.value, 51.25);
}

TEST(EventParser, TakesKeysInAnyOrderWithWhiteSpaceAnywhere) {
  Door door;
  const Flat read =
      door.one("  { \"tags\" : { } , \"value\" :\t-1e-2 ,\r\"timestamp\": 1794999999000, \"name\" : \"cpu\" } ");
  EXPECT_EQ(read.key, (SeriesKey{"cpu", "unknown", {}}));
  EXPECT_EQ(read.value, -0.01);
}

TEST(EventParser, PutsArrivalWhereTheTimestampIsAbsent) {
  Door door;
  EXPECT_EQ(door.one(named("cpu")).time, arrival);
  EXPECT_EQ(door.one(timed("null")).time, arrival);
}

TEST(EventParser, CountsEventsWithoutSourceAsUnknown) {
  Door door;
  const Parsed parsed = door.parse(named("cpu") + "\n" + named("cpu") + "\n" + event(R"("value":1)"));
  EXPECT_EQ(parsed.unknown_source, 2U);
  EXPECT_EQ(door.one(R"({"metric_name":"cpu","source_id":null,"value":1})").key.source, "unknown");
}

TEST(EventParser, LetsTheLastOfEqualKeysStand) {
  Door door;
  EXPECT_EQ(door.one(event(R"("value":1,"value":2)")).value, 2);
  EXPECT_EQ(door.one(event(R"("value":"x","value":2)")).value, 2);
  EXPECT_EQ(door.one(R"({"metric_name":"a","metric_name":"b","value":1})").key.metric, "b");
  EXPECT_EQ(door.one(tagged(R"({"k":"1","k":"2"})")).key.tags, (Tags{{"k", "2"}}));
  EXPECT_EQ(door.one(tagged(R"({"k":1,"k":"2"})")).key.tags, (Tags{{"k", "2"}}));
  EXPECT_EQ(door.one(tagged(R"({"k":"1","k":""})")).key.tags, Tags{});
  EXPECT_EQ(door.one(event(R"("value":1,"tags":{"a":"1"},"tags":{"b":"2"})")).key.tags, (Tags{{"b", "2"}}));
  EXPECT_EQ(door.refused(event(R"("value":1,"value":null)")).reason, Rejection::value_missing);
}

TEST(EventParser, PrefersMetricNameToItsAlias) {
  Door door;
  EXPECT_EQ(door.one(R"({"metric_name":"a","name":"b","value":1})").key.metric, "a");
  EXPECT_EQ(door.one(R"({"name":"b","metric_name":"a","value":1})").key.metric, "a");
  EXPECT_EQ(door.one(R"({"name":"b","metric_name":null,"value":1})").key.metric, "b");
  EXPECT_EQ(door.refused(R"({"name":"b","metric_name":5,"value":1})").reason, Rejection::metric_name_invalid);
}

TEST(EventParser, IgnoresUnknownKeysButReadsThemStrictly) {
  Door door;
  EXPECT_EQ(door.one(event(R"("unit":{"a":[1,true,null,"\u00e9"]},"value":3)")).value, 3);
  EXPECT_EQ(door.refused(event(R"("unit":[tru],"value":3)")).reason, Rejection::not_json);
  EXPECT_EQ(door.refused(event(R"("unit":{"a" "b"},"value":3)")).reason, Rejection::not_json);
}

TEST(EventParser, KeepsNumbersAsTheyAre) {
  Door door;
  EXPECT_TRUE(std::signbit(door.one(event(R"("value":-0)")).value));
  EXPECT_TRUE(std::signbit(door.one(event(R"("value":-0.0)")).value));
  EXPECT_EQ(door.one(event(R"("value":0.1)")).value, 0.1);
  EXPECT_EQ(door.one(event(R"("value":51.846000000000004)")).value, 51.846000000000004);
  EXPECT_EQ(door.one(event(R"("value":123456.78901234)")).value, 123456.78901234);
  EXPECT_EQ(door.one(event(R"("value":9007199254740993)")).value, 9007199254740992.0);
  EXPECT_EQ(door.one(event(R"("value":100000000000000000000000)")).value, 1e23);
  EXPECT_EQ(door.one(event(R"("value":1.7976931348623157e308)")).value, 1.7976931348623157e308);
  EXPECT_EQ(door.one(event(R"("value":4.9e-324)")).value, 4.9e-324);
  EXPECT_EQ(door.one(event(R"("value":1e-999)")).value, 0.0);
  EXPECT_EQ(door.one(event(R"("value":0e999)")).value, 0.0);
}

TEST(EventParser, ReadsTimestampsInEveryValidForm) {
  Door door;
  for (const char* form : {"1794999999000", "1794999999000.0", "1.794999999e12", "17949999990000e-1",
                           "\"2026-11-18T11:06:39Z\"", "\"2026-11-18T12:06:39.000999+01:00\""}) {
    EXPECT_EQ(door.one(timed(form)).time, Millis{1'794'999'999'000}) << form;
  }
}

TEST(EventParser, HoldsAgesAgainstTheArrivalStamp) {
  Door door;
  const std::int64_t oldest = arrival.value - (7LL * 24 - 1) * 3'600'000;
  const std::int64_t newest = arrival.value + 3'600'000;
  EXPECT_EQ(door.one(timed(std::to_string(oldest))).time.value, oldest);
  EXPECT_EQ(door.one(timed(std::to_string(newest))).time.value, newest);
  EXPECT_EQ(door.refused(timed(std::to_string(oldest - 1))).reason, Rejection::timestamp_too_old);
  EXPECT_EQ(door.refused(timed(std::to_string(newest + 1))).reason, Rejection::timestamp_in_future);
}

TEST(EventParser, NormalisesTags) {
  Door door;
  EXPECT_EQ(door.one(tagged(R"({"c":"3","b":"","a":null,"aa":"1"})")).key.tags, (Tags{{"aa", "1"}, {"c", "3"}}));
}

struct Bad {
  std::string body;
  Rejection reason;
  std::string says;
};

class EventParserRefuses : public testing::TestWithParam<Bad> {};

TEST_P(EventParserRefuses, WithTheReasonAndThePlace) {
  Door door;
  const EventError error = door.refused(GetParam().body);
  EXPECT_EQ(name(error.reason), name(GetParam().reason)) << GetParam().body << ": " << error.message;
  EXPECT_EQ(error.line, 1U);
  EXPECT_THAT(error.message, HasSubstr(GetParam().says)) << GetParam().body;
  for (const char c : error.message) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << "echoed unescaped";
}

std::string many_tags(int count) {
  std::string out = "{";
  for (int i = 0; i < count; ++i) out += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":\"v\"";
  return out + "}";
}

INSTANTIATE_TEST_SUITE_P(
    Json, EventParserRefuses,
    testing::Values(
        Bad{"hello", Rejection::not_json, "byte 1: expected a value, found \"h\""},
        Bad{"{", Rejection::not_json, "byte 2: the text ends"},
        Bad{R"({"metric_name":"cpu","value":1)", Rejection::not_json, "the text ends; expected a comma or }"},
        Bad{R"({"metric_name":"cp)", Rejection::not_json, "closing quote"},
        Bad{R"({"metric_name":"cpu","value":1,})", Rejection::not_json, "byte 32: expected a string"},
        Bad{R"({'metric_name':"cpu"})", Rejection::not_json, "double quotes"},
        Bad{R"({"metric_name":"cpu","value":01})", Rejection::not_json, "leading zeros"},
        Bad{R"({"metric_name":"cpu","value":+1})", Rejection::not_json, "byte 30"},
        Bad{R"({"metric_name":"cpu","value":1.})", Rejection::not_json, "a digit after the point"},
        Bad{R"({"metric_name":"cpu","value":.5})", Rejection::not_json, "byte 30"},
        Bad{R"({"metric_name":"cpu","value":1e})", Rejection::not_json, "exponent"},
        Bad{R"({"metric_name":"cpu","value":-})", Rejection::not_json, "a digit"},
        Bad{R"({"metric_name":"cpu","value":0x10})", Rejection::not_json, "a comma or }"},
        Bad{R"({"metric_name":"cpu","value":nul})", Rejection::not_json, "null"},
        Bad{R"({"metric_name":"a\x","value":1})", Rejection::not_json, "\\uXXXX"},
        Bad{R"({"metric_name":"a\u12g4","value":1})", Rejection::not_json, "hexadecimal"},
        Bad{"{\"metric_name\":\"a\tb\",\"value\":1}", Rejection::not_json, "escaped in a string, as \\u0009"},
        Bad{std::string("{\"metric_name\":\"a\0b\",\"value\":1}", 31), Rejection::not_json, "\\u0000"},
        Bad{R"({/* c */"metric_name":"cpu","value":1})", Rejection::not_json, "no comments"},
        Bad{R"({"metric_name":"cpu","value":1} // c)", Rejection::trailing_content, "byte 33"},
        Bad{R"({"metric_name":"cpu","value":1}{"metric_name":"cpu","value":1})", Rejection::trailing_content,
            "one object a line"},
        Bad{R"({"metric_name":"cpu","value":1} 7)", Rejection::trailing_content, "found \"7\""},
        Bad{"17", Rejection::not_an_object, "a number is no event"},
        Bad{"\"x\"", Rejection::not_an_object, "a string is no event"},
        Bad{"null", Rejection::not_an_object, "null is no event"},
        Bad{R"({"x":)" + std::string(10'000, '[') + std::string(10'000, ']') + "}", Rejection::too_deep,
            "more than 64"},
        Bad{R"({"x":)" + std::string(10'000, '['), Rejection::too_deep, "more than 64"}));

INSTANTIATE_TEST_SUITE_P(
    Names, EventParserRefuses,
    testing::Values(
        Bad{"{}", Rejection::metric_name_missing, "\"metric_name\" is missing"},
        Bad{R"({"metric_name":null,"value":1})", Rejection::metric_name_missing, "1 to 200 bytes"},
        Bad{R"({"metric_name":"","value":1})", Rejection::metric_name_invalid, "empty"},
        Bad{R"({"metric_name":5,"value":1})", Rejection::metric_name_invalid, "a number; valid is a string"},
        Bad{R"({"name":["a"],"value":1})", Rejection::metric_name_invalid, "field \"name\": an array"},
        Bad{named(std::string(201, 'm')), Rejection::metric_name_invalid, "201 bytes"},
        Bad{named(R"(a\u0000b)"), Rejection::metric_name_invalid, "U+0000"},
        Bad{named(R"(a\nb)"), Rejection::metric_name_invalid, "byte 2 is the control character U+000A"},
        Bad{named("a\x7f"), Rejection::metric_name_invalid, "U+007F"},
        Bad{named("a\xC2\x85"), Rejection::metric_name_invalid, "U+0085"},
        Bad{named(R"(\ud800)"), Rejection::invalid_utf8, "half a surrogate pair"},
        Bad{named(R"(\ud800\u0041)"), Rejection::invalid_utf8, "half a surrogate pair"},
        Bad{named(R"(\udc00)"), Rejection::invalid_utf8, "byte 17"},
        Bad{named("a\xFF"), Rejection::invalid_utf8, "byte 18 is not UTF-8"},
        Bad{named("\xED\xA0\x80"), Rejection::invalid_utf8, "byte 17 is not UTF-8"},
        Bad{named("\xC0\x80"), Rejection::invalid_utf8, "byte 17 is not UTF-8"},
        Bad{R"({"metric_name":"m","source_id":"","value":1})", Rejection::source_id_invalid, "empty"},
        Bad{R"({"metric_name":"m","source_id":7,"value":1})", Rejection::source_id_invalid, "a number"},
        Bad{R"({"metric_name":"m","source_id":")" + std::string(201, 's') + R"(","value":1})",
            Rejection::source_id_invalid, "201 bytes"},
        Bad{R"({"metric_name":"m","source_id":"\u0007","value":1})", Rejection::source_id_invalid, "U+0007"}));

INSTANTIATE_TEST_SUITE_P(
    Values, EventParserRefuses,
    testing::Values(Bad{event(R"("x":1)"), Rejection::value_missing, "\"value\" is missing"},
                    Bad{event(R"("value":null)"), Rejection::value_missing, "\"value\" is null"},
                    Bad{event(R"("value":"1.5")"), Rejection::value_not_a_number,
                        "a string; valid is a finite JSON number, without quotes"},
                    Bad{event(R"("value":"NaN")"), Rejection::value_not_a_number, "a string"},
                    Bad{event(R"("value":true)"), Rejection::value_not_a_number, "true or false"},
                    Bad{event(R"("value":[1])"), Rejection::value_not_a_number, "an array"},
                    Bad{event(R"("value":{})"), Rejection::value_not_a_number, "an object"},
                    Bad{event(R"("value":NaN)"), Rejection::value_not_finite, "NaN or an infinity"},
                    Bad{event(R"("value":-Infinity)"), Rejection::value_not_finite, "field \"value\""},
                    Bad{event(R"("value":1e999)"), Rejection::value_not_finite, "larger than a double"},
                    Bad{event(R"("value":-1e999)"), Rejection::value_not_finite, "larger than a double"},
                    Bad{event(R"("value":1)" + std::string(400, '0')), Rejection::value_not_finite,
                        "larger than a double"},
                    Bad{event(R"("value":NaNs)"), Rejection::not_json, "expected a value"},
                    Bad{event(R"("x":NaN,"value":1)"), Rejection::not_json, "expected a value"}));

INSTANTIATE_TEST_SUITE_P(
    Times, EventParserRefuses,
    testing::Values(Bad{timed("1794999999000.5"), Rejection::timestamp_invalid, "a number with a fraction"},
                    Bad{timed("1794999999000.0000000000001"), Rejection::timestamp_invalid, "a number with a fraction"},
                    Bad{timed("-1"), Rejection::timestamp_invalid, "negative"},
                    Bad{timed("1794999999"), Rejection::timestamp_in_seconds, "multiply by 1000"},
                    Bad{timed("99999999999"), Rejection::timestamp_in_seconds, "looks like seconds"},
                    Bad{timed("0"), Rejection::timestamp_in_seconds, "seconds"},
                    Bad{timed("100000000000"), Rejection::timestamp_too_old, "1973-03-03T09:46:40.000Z is older"},
                    Bad{timed("1794999999000000"), Rejection::timestamp_in_future, "micro- or nanoseconds"},
                    Bad{timed("1e300"), Rejection::timestamp_in_future, "valid is up to 2026-11-1"},
                    Bad{timed("4000000000000"), Rejection::timestamp_in_future, "later than is taken now"},
                    Bad{timed("\"2026-11-18T07:46:39\""), Rejection::timestamp_invalid, "zone is missing"},
                    Bad{timed("\"1794999999000\""), Rejection::timestamp_invalid, "valid is whole milliseconds"},
                    Bad{timed("\"\""), Rejection::timestamp_invalid, "year"},
                    Bad{timed("\"1999-01-01T00:00:00Z\""), Rejection::timestamp_too_old, "valid is from 2026-"},
                    Bad{timed("true"), Rejection::timestamp_invalid, "true or false"},
                    Bad{timed("{}"), Rejection::timestamp_invalid, "an object"}));

INSTANTIATE_TEST_SUITE_P(Tags, EventParserRefuses,
                         testing::Values(Bad{tagged("[]"), Rejection::tags_invalid,
                                             "an array; valid is an object of strings"},
                                         Bad{tagged("\"a=b\""), Rejection::tags_invalid, "a string"},
                                         Bad{tagged(R"({"a":{"b":"c"}})"), Rejection::tags_invalid,
                                             "tag \"a\": an object; valid is a string"},
                                         Bad{tagged(R"({"a":1})"), Rejection::tags_invalid, "a number"},
                                         Bad{tagged(R"({"":"x"})"), Rejection::tags_invalid, "of the key, it is empty"},
                                         Bad{tagged("{\"" + std::string(101, 'k') + "\":\"v\"}"),
                                             Rejection::tags_invalid, "101 bytes; valid are 1 to 100"},
                                         Bad{tagged("{\"k\":\"" + std::string(201, 'v') + "\"}"),
                                             Rejection::tags_invalid, "201 bytes; valid are 0 to 200"},
                                         Bad{tagged(R"({"k":"a\u0000"})"), Rejection::tags_invalid, "U+0000"},
                                         Bad{tagged("{\"k\":\"\xC3\x28\"}"), Rejection::invalid_utf8, "is not UTF-8"},
                                         Bad{tagged(R"({"k":"\ud83d"})"), Rejection::invalid_utf8, "surrogate"},
                                         Bad{tagged(many_tags(33)), Rejection::too_many_tags, "more than 32"},
                                         Bad{tagged(R"({"a":"b")"), Rejection::not_json, "the text ends"}));

TEST(EventParser, TakesWhatIsJustWithinTheLimits) {
  Door door;
  EXPECT_EQ(door.one(named(std::string(200, 'm'))).key.metric.size(), 200U);
  EXPECT_THAT(door.one(tagged(many_tags(32))).key.tags, SizeIs(32));
  EXPECT_EQ(door.one(tagged("{\"" + std::string(100, 'k') + "\":\"" + std::string(200, 'v') + "\"}"))
                .key.tags[0]
                .second.size(),
            200U);
  EXPECT_EQ(door.one(named(R"(\ud83d\ude00 \u00e9 \/)")).key.metric, "\U0001F600 é /");
  EXPECT_EQ(door.one(named("北京")).key.metric, "北京");
  const std::string deep = std::string(63, '[') + std::string(63, ']');
  EXPECT_EQ(door.one(event("\"x\":" + deep + ",\"value\":1")).value, 1);
}

TEST(EventParser, ReadsTheSameEventTwiceAlike) {
  Door door;
  const std::string body = event(R"("tags":{"a":"1"},"timestamp":1794999999000,"value":2.5)");
  const Parsed first = door.parse(body);
  const Parsed second = door.parse(body);
  EXPECT_EQ(first.batch, second.batch);
}

TEST(EventParser, KeepsGoodLinesBesideBadOnes) {
  Door door;
  const Parsed parsed = door.parse(named("a") + "\nbroken\n" + named("b") + "\n" + named("") + "\n" + named("c"));
  EXPECT_EQ(parsed.batch.size(), 3U);
  EXPECT_EQ(parsed.rejected, 2U);
  ASSERT_THAT(parsed.errors, SizeIs(2));
  EXPECT_EQ(parsed.errors[0].line, 2U);
  EXPECT_EQ(parsed.errors[1].line, 4U);
  EXPECT_EQ(parsed.by_reason[static_cast<std::size_t>(Rejection::not_json)], 1U);
  EXPECT_EQ(parsed.by_reason[static_cast<std::size_t>(Rejection::metric_name_invalid)], 1U);
}

TEST(EventParser, KeepsGoodLinesBesideOneThatIsNotUtf8) {
  Door door;
  const Parsed parsed = door.parse(named("a") + "\n" + named("\xFF") + "\n" + named("b"));
  EXPECT_EQ(parsed.batch.size(), 2U);
  ASSERT_THAT(parsed.errors, SizeIs(1));
  EXPECT_EQ(parsed.errors[0].line, 2U);
  EXPECT_EQ(parsed.errors[0].reason, Rejection::invalid_utf8);
}

TEST(EventParser, StepsOverBomCarriageReturnsAndBlankLines) {
  Door door;
  const Parsed parsed = door.parse("\xEF\xBB\xBF" + named("a") + "\r\n\r\n  \n" + named("b") + "\r\nx\r\n");
  EXPECT_EQ(parsed.batch.size(), 2U);
  ASSERT_THAT(parsed.errors, SizeIs(1));
  EXPECT_EQ(parsed.errors[0].line, 5U);
}

TEST(EventParser, CallsABodyOfNothingEmpty) {
  Door door;
  for (const char* body : {"", " \r\n\t ", "\xEF\xBB\xBF", "\xEF\xBB\xBF\n"}) {
    const auto parsed = door.parser.parse_json(body, arrival);
    ASSERT_FALSE(parsed.has_value());
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(parsed.error().message, testing::StartsWith("empty_body"));
  }
}

TEST(EventParser, ReadsOneObjectOverSeveralLines) {
  Door door;
  EXPECT_EQ(door.one("{\n  \"metric_name\": \"cpu\",\n  \"value\": 5\n}\n").value, 5);
  const EventError error = door.refused("{\n  \"metric_name\": \"cpu\"\n}");
  EXPECT_EQ(error.reason, Rejection::value_missing);
}

TEST(EventParser, TakesACutFirstLineForALine) {
  Door door;
  const Parsed parsed = door.parse("{\"metric_name\":\n" + named("a") + "\n" + named("b"));
  EXPECT_EQ(parsed.batch.size(), 2U);
  EXPECT_EQ(parsed.rejected, 1U);
}

TEST(EventParser, RefusesLinesOverTheLimitAndGoesOn) {
  Door door;
  const std::string huge = R"({"metric_name":")" + std::string(2U << 20, 'x') + R"(","value":1})";
  const Parsed parsed = door.parse(named("a") + "\n" + huge + "\n" + named("b"));
  EXPECT_EQ(parsed.batch.size(), 2U);
  ASSERT_THAT(parsed.errors, SizeIs(1));
  EXPECT_EQ(parsed.errors[0].reason, Rejection::line_too_long);
  EXPECT_THAT(parsed.errors[0].message, HasSubstr("1048576"));
  Door narrow(IngestLimits{.line = 20});
  EXPECT_EQ(narrow.refused(named("a")).reason, Rejection::line_too_long);
  EXPECT_EQ(narrow.refused("[" + named("a") + "]").reason, Rejection::line_too_long);
}

TEST(EventParser, RefusesEventsBeyondTheBatchLimit) {
  for (const bool array : {false, true}) {
    Door door(IngestLimits{.events = 3});
    std::string body = named("a");
    for (int i = 0; i < 4; ++i) body += (array ? "," : "\n") + named("a");
    const Parsed parsed = door.parse(array ? "[" + body + "]" : body);
    EXPECT_EQ(parsed.batch.size(), 3U);
    EXPECT_EQ(parsed.rejected, 2U);
    EXPECT_EQ(parsed.by_reason[static_cast<std::size_t>(Rejection::too_many_events)], 2U);
  }
}

TEST(EventParser, KeepsAHundredErrorsAndCountsAll) {
  Door door;
  std::string body;
  for (int i = 0; i < 250; ++i) body += "x\n";
  const Parsed parsed = door.parse(body);
  EXPECT_EQ(parsed.rejected, 250U);
  EXPECT_THAT(parsed.errors, SizeIs(100));
}

TEST(EventParser, ReadsArrays) {
  Door door;
  EXPECT_EQ(door.parse("[" + named("a") + "," + named("b") + "]").batch.size(), 2U);
  EXPECT_EQ(door.parse(" [ \n" + named("a") + " ,\r\n\t{\n\"name\":\"b\",\"value\":1\n}\n ] \n").batch.size(), 2U);
  const Parsed none = door.parse("[]");
  EXPECT_EQ(none.batch.size() + none.rejected, 0U);
}

TEST(EventParser, KeepsGoodElementsBesideBadOnes) {
  Door door;
  const Parsed parsed = door.parse("[" + named("a") + R"(,{"metric_name":tru},5,"a]b",[1,2],)" + named("b") + "]");
  EXPECT_EQ(parsed.batch.size(), 2U);
  ASSERT_THAT(parsed.errors, SizeIs(4));
  EXPECT_EQ(parsed.errors[0].line, 2U);
  EXPECT_EQ(parsed.errors[0].reason, Rejection::not_json);
  EXPECT_EQ(parsed.errors[1].reason, Rejection::not_an_object);
  EXPECT_EQ(parsed.errors[2].reason, Rejection::not_an_object);
  EXPECT_EQ(parsed.errors[3].reason, Rejection::not_an_object);
}

TEST(EventParser, EndsAnArrayWhereItsElementsCantBeTold) {
  Door door;
  const std::string good = "[" + named("a");
  const std::pair<std::string, std::string> cases[] = {
      {good, "not closed"},
      {good + ",", "expected an element"},
      {good + ",]", "expected an element"},
      {good + "," + R"({"metric_name":"b)", "has no end"},
      {good + "," + R"({"x":[1)", "has no end"},
      {good + named("b") + "]", "expected a comma or ]"},
      {good + "}]", "expected a comma or ]"},
      {good + "]]", "after the array"},
      {good + "]\n" + named("b"), "after the array"},
  };
  for (const auto& [body, says] : cases) {
    const Parsed parsed = door.parse(body);
    EXPECT_EQ(parsed.batch.size(), 1U) << body;
    ASSERT_THAT(parsed.errors, SizeIs(1)) << body;
    EXPECT_EQ(parsed.errors[0].line, 2U) << body;
    EXPECT_THAT(parsed.errors[0].message, HasSubstr(says)) << body;
  }
}

TEST(EventParser, GroupsByPartitionOfTheSourceAscending) {
  Door door;
  std::string body;
  for (const char* source : {"host-0001", "a", "host-0123", "sensor/7", "web.eu-west-1", "0"}) {
    body += R"({"metric_name":"m","source_id":")" + std::string(source) + R"(","value":1})" + "\n";
  }
  const Parsed parsed = door.parse(body);
  std::vector<std::uint16_t> partitions;
  for (const Section& section : parsed.batch.sections) {
    partitions.push_back(section.partition.value);
    for (const SeriesId id : section.series) {
      EXPECT_EQ(partition_of(door.catalog.at(id).key.source, 4), section.partition);
    }
  }
  EXPECT_THAT(partitions, ElementsAre(0, 2, 3));
  EXPECT_EQ(parsed.batch.arrival, arrival);
}

TEST(EventParser, RefusesNewSeriesBeyondTheLimitsAndKeepsOldOnesGoing) {
  Door door({}, SeriesLimits{.per_metric = 1, .all = 2});
  const auto of = [](std::string_view metric, std::string_view source) {
    return R"({"metric_name":")" + std::string(metric) + R"(","source_id":")" + std::string(source) + R"(","value":1})";
  };
  door.one(of("a", "1"));
  const EventError second = door.refused(of("a", "2"));
  EXPECT_EQ(second.reason, Rejection::metric_series_limit);
  door.one(of("b", "1"));
  EXPECT_EQ(door.refused(of("c", "1")).reason, Rejection::series_limit);
  door.one(of("a", "1"));
}

TEST(EventParser, MarksKnownSeriesActiveOnceAMinute) {
  Door door;
  door.one(named("cpu"));
  const SeriesId id = *door.catalog.find(SeriesKey{"cpu", "unknown", {}});
  const Millis later{arrival.value + 120'000};
  ASSERT_TRUE(door.parser.parse_json(named("cpu"), later).has_value());
  EXPECT_EQ(door.catalog.last_seen(id), later);
}

}  // namespace
}  // namespace millrace
