// The fast scan and the strict reader must agree on everything that the fast scan accepts, whatever is sent.
#include "ingest/event_parser.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <bit>
#include <string>
#include <vector>

namespace millrace {
namespace {

constexpr Millis arrival{1'795'000'000'000};

const std::vector<std::string> numbers = {"0",
                                          "-0",
                                          "-0.0",
                                          "00",
                                          "01",
                                          "1.",
                                          ".5",
                                          "-",
                                          "1e3",
                                          "1E+3",
                                          "1e999",
                                          "0.1",
                                          "51.846000000000004",
                                          "123456789012345",
                                          "1234567890123456",
                                          "12345678.1234567",
                                          "0.000001",
                                          "1.5x",
                                          "NaN",
                                          "null",
                                          "\"1\"",
                                          "9007199254740993",
                                          "1e-400",
                                          "99999999",
                                          "9999999.9",
                                          "123456789.5",
                                          "0.12345678901234"};
const std::vector<std::string> times = {"1795000000000",
                                        "1794999999999",
                                        "1795003600001",
                                        "1795000000000.0",
                                        "1795000000000.5",
                                        "1795000000",
                                        "99999999999",
                                        "100000000000",
                                        "179500000000000",
                                        "1795000000000000",
                                        "01795000000000",
                                        "-1",
                                        "1.795e12",
                                        "\"2026-11-18T11:06:39Z\"",
                                        "\"2026-11-18T11:06:39.123456+01:00\"",
                                        "\"2026-11-18T11:06:39\"",
                                        "null"};
const std::vector<std::string> good_times = {"1795000000000", "1794999999999"};

std::string pick(const std::vector<std::string>& from) { return *rc::gen::elementOf(from); }

std::string a_text() {
  return pick({"\"cpu\"", "\"a\"", "\"host-0001\"", "\"\"", "\"北京\"", "\"a b\"", "\"with \\\"quote\\\"\"",
               "\"\\u00e9\"", "\"\\ud800\"", "\"exactly-sixteen!\"", "\"seventeen-bytes-x\"", "\"c\x7f\"",
               "\"\\u0000\"", "\"unclosed", "\"" + std::string(200, 'n') + "\"", "\"" + std::string(201, 'n') + "\"",
               "null", "5"});
}

std::string a_number() {
  if (*rc::gen::inRange(0, 3) == 0) {
    return pick(numbers);
  }
  std::string out = *rc::gen::element("", "-");
  out += std::to_string(*rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << *rc::gen::inRange(1, 62)));
  const int digits = *rc::gen::inRange(0, 12);
  if (digits > 0) out += '.';
  for (int i = 0; i < digits; ++i) out += static_cast<char>('0' + *rc::gen::inRange(0, 10));
  return out;
}

std::string a_time() { return pick(*rc::gen::inRange(0, 3) == 0 ? times : good_times); }

std::string tags() {
  const int count = *rc::gen::weightedElement<int>({{6, 2}, {3, 0}, {3, 1}, {1, 32}, {1, 33}});
  std::string out = "{";
  for (int i = 0; i < count; ++i) {
    if (i > 0) out += pick({",", ",", ", "});
    out += "\"" + pick({"dc", "rack", "host"}) + (count > 3 ? std::to_string(i) : "") + "\"";
    out +=
        pick({":", ":", ": "}) + pick({"\"eu\"", "\"r1\"", "\"\"", "\"\\u0041\"", "\"a}b\"", "\"a,b\"", "7", "null"});
  }
  return out + "}";
}

std::string field() {
  const std::string colon = pick({":", ":", ":", ": ", " :", ":\t"});
  switch (*rc::gen::inRange(0, 12)) {
    case 0:
    case 1: return "\"metric_name\"" + colon + a_text();
    case 2: return "\"name\"" + colon + a_text();
    case 3:
    case 4: return "\"source_id\"" + colon + a_text();
    case 5:
    case 6: return "\"value\"" + colon + a_number();
    case 7:
    case 8: return "\"timestamp\"" + colon + a_time();
    case 9: return "\"tags\"" + colon + tags();
    case 10: return "\"tags\"" + colon + pick({"{}", "{ }", "[]", "null", "{\"a\":{\"b\":\"c\"}}", "{"});
    default:
      return pick({"\"unit\"", "\"values\"", "\"tag\"", "\"\""}) + colon + pick({"1", "\"x\"", "[1,2]", "{}", "tru"});
  }
}

/// Mostly the usual shape, so that the fast scan has something to accept.
std::string usual_event() {
  std::vector<std::string> fields = {
      "\"metric_name\":" + pick({"\"cpu\"", "\"mem\"", "\"北京\"", "\"seventeen-bytes-x\""}),
      "\"source_id\":" + pick({"\"a\"", "\"b\"", "\"host-0001\"", "\"c\x7f\""}), "\"value\":" + a_number(),
      "\"timestamp\":" + a_time(), "\"tags\":" + (*rc::gen::inRange(0, 3) == 0 ? tags() : "{\"dc\":\"eu\"}")};
  const auto order = *rc::gen::map(rc::gen::container<std::vector<int>>(5, rc::gen::inRange(0, 1000)), [](auto keys) {
    std::vector<std::size_t> out = {0, 1, 2, 3, 4};
    for (std::size_t i = 4; i > 0; --i) std::swap(out[i], out[static_cast<std::size_t>(keys[i]) % (i + 1)]);
    return out;
  });
  const std::string comma = pick({",", ", "});
  const std::size_t leave_out = *rc::gen::inRange<std::size_t>(0, 9);
  std::string out = "{";
  for (const std::size_t i : order) {
    if (i == leave_out) continue;
    if (out.size() > 1) out += comma;
    out += fields[i];
  }
  return out + "}";
}

std::string any_event() {
  if (*rc::gen::inRange(0, 3) != 0) return usual_event();
  const auto fields =
      *rc::gen::container<std::vector<std::string>>(*rc::gen::inRange<std::size_t>(0, 7), rc::gen::exec(field));
  std::string out = pick({"{", "{", "{", "{ ", " {", "["});
  for (std::size_t i = 0; i < fields.size(); ++i) out += (i == 0 ? "" : pick({",", ",", ", ", ",,"})) + fields[i];
  return out + pick({"}", "}", "}", "} ", " }", "", "}}", "}{"});
}

std::string body() {
  const auto events =
      *rc::gen::container<std::vector<std::string>>(*rc::gen::inRange<std::size_t>(1, 60), rc::gen::exec(any_event));
  const bool array = *rc::gen::inRange(0, 4) == 0;
  std::string out = array ? "[" : pick({"", "\xEF\xBB\xBF", "\n"});
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i > 0) out += array ? pick({",", ",", ",", " ,\n"}) : pick({"\n", "\n", "\r\n", "\n\n"});
    out += events[i];
  }
  out += array ? "]" : pick({"", "\n", "\r\n"});
  if (*rc::gen::inRange(0, 10) == 0)
    out[*rc::gen::inRange<std::size_t>(0, out.size())] = static_cast<char>(*rc::gen::arbitrary<unsigned char>());
  return out;
}

bool same(const Parsed& a, const Parsed& b) {
  if (a.batch != b.batch || a.rejected != b.rejected || a.unknown_source != b.unknown_source) return false;
  if (a.by_reason != b.by_reason || a.errors.size() != b.errors.size()) return false;
  for (std::size_t i = 0; i < a.errors.size(); ++i) {
    if (a.errors[i].line != b.errors[i].line || a.errors[i].message != b.errors[i].message) return false;
  }
  for (std::size_t s = 0; s < a.batch.sections.size(); ++s) {
    for (std::size_t i = 0; i < a.batch.sections[s].size(); ++i) {
      // Bits, since -0 and 0 compare equal.
      if (std::bit_cast<std::uint64_t>(a.batch.sections[s].value[i]) !=
          std::bit_cast<std::uint64_t>(b.batch.sections[s].value[i])) {
        return false;
      }
    }
  }
  return true;
}

TEST(EventAgreement, FastAndStrictReadingsAgreeOnGeneratedBodies) {
  EXPECT_TRUE(rc::check([] {
    Catalog fast_catalog;
    Catalog strict_catalog;
    EventParser fast(fast_catalog, 4, {});
    EventParser strict(strict_catalog, 4, {}, EventParser::Path::strict_only);
    const std::string text = body();
    // The second time the names are in the cache, the third time their order is known.
    for (int round = 0; round < 3; ++round) {
      const auto a = fast.parse_json(text, arrival);
      const auto b = strict.parse_json(text, arrival);
      RC_ASSERT(a.has_value() == b.has_value());
      if (a) RC_ASSERT(same(*a, *b));
    }
  }));
}

TEST(EventAgreement, HoldsForEachOddNumberAndTimeOfAKnownName) {
  std::vector<std::pair<std::string, std::string>> variants;
  for (const std::string& number : numbers) variants.emplace_back(number, "1795000000000");
  for (const std::string& time : times) variants.emplace_back("1.5", time);
  for (const auto& [number, time] : variants) {
    for (const bool time_first : {false, true}) {
      const auto event = [first = time_first](const std::string& n, const std::string& t) {
        const std::string fields =
            first ? "\"timestamp\":" + t + ",\"value\":" + n : "\"value\":" + n + ",\"timestamp\":" + t;
        return "{\"metric_name\":\"cpu\"," + fields + ",\"tags\":{\"dc\":\"eu\"}}\n";
      };
      const std::string good = event("1.5", "1795000000000");
      const std::string odd = event(number, time);
      Catalog fast_catalog;
      Catalog strict_catalog;
      EventParser fast(fast_catalog, 4, {});
      EventParser strict(strict_catalog, 4, {}, EventParser::Path::strict_only);
      // Known and expected next, then known but not expected: matched, scanned.
      for (const std::string& text : {good + good + odd, "{\"name\":\"x\",\"value\":1}\n" + odd + good + odd}) {
        const auto a = fast.parse_json(text, arrival);
        const auto b = strict.parse_json(text, arrival);
        ASSERT_TRUE(a && b);
        EXPECT_TRUE(same(*a, *b)) << odd;
      }
    }
  }
}

TEST(EventAgreement, HoldsWhereSeriesOfOneShapeAlternate) {
  EXPECT_TRUE(rc::check([] {
    Catalog fast_catalog;
    Catalog strict_catalog;
    EventParser fast(fast_catalog, 4, {});
    EventParser strict(strict_catalog, 4, {}, EventParser::Path::strict_only);
    std::string text;
    for (int i = 0; i < 100; ++i) {
      text += "{\"metric_name\":\"" + pick({"cpu", "mem", "net"}) + "\",\"value\":" + pick({"1", "2.5", "-3"}) +
              ",\"source_id\":\"" + pick({"a", "b"}) + "\",\"timestamp\":1795000000000,\"tags\":{\"dc\":\"" +
              pick({"eu", "us", "\x7f"}) +
              pick({"\"}}", "\"}}", "\"}}", "\"},\"value\":7}", "\"},\"name\":\"x\"}", "\"},\"tags\":{}}"}) + "\n";
    }
    for (int round = 0; round < 2; ++round) {
      const auto a = fast.parse_json(text, arrival);
      const auto b = strict.parse_json(text, arrival);
      RC_ASSERT(a.has_value() && b.has_value());
      RC_ASSERT(same(*a, *b));
    }
  }));
}

TEST(EventAgreement, HoldsAtEveryAlignmentOfABodysEnd) {
  Catalog catalog;
  EventParser parser(catalog, 4, {});
  const std::string line =
      R"({"metric_name":"cpu","source_id":"a","value":1.5,"timestamp":1795000000000,"tags":{"a":"b"}})";
  ASSERT_TRUE(parser.parse_json(line, arrival).has_value());
  for (std::size_t blanks = 0; blanks < 4300; blanks += 7) {
    std::string text(blanks, '\n');
    // A heap block of exactly its size, so that a wide load beyond it is seen.
    const std::vector<char> exact = [&] {
      text += line + "\n" + line;
      return std::vector<char>(text.begin(), text.end());
    }();
    const auto parsed = parser.parse_json({exact.data(), exact.size()}, arrival);
    ASSERT_TRUE(parsed.has_value());
    ASSERT_EQ(parsed->batch.size(), 2U) << blanks;
  }
}

TEST(EventAgreement, CountsEachLineOnce) {
  EXPECT_TRUE(rc::check([] {
    Catalog catalog;
    EventParser parser(catalog, 4, {});
    const auto events = *rc::gen::container<std::vector<std::string>>(rc::gen::exec(any_event));
    std::string text = "x\n";
    for (const std::string& event : events) text += event + "\n";
    const auto parsed = parser.parse_json(text, arrival);
    RC_ASSERT(parsed.has_value());
    RC_ASSERT(parsed->batch.size() + parsed->rejected == events.size() + 1);
  }));
}

}  // namespace
}  // namespace millrace
