#include "ingest/csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// One text a record: the event as JSON, or "line N: message".
std::vector<std::string> read(std::string_view bytes, std::size_t piece = 1U << 20) {
  std::vector<std::string> out;
  const auto sink = [&out](const CsvReader::Record& record, std::uint64_t line) {
    std::string text;
    if (record) {
      append_event_json(text, *record);
      text.pop_back();
    } else {
      EXPECT_EQ(line, record.error().line);
      text = "line " + std::to_string(line) + ": " + record.error().message;
    }
    out.push_back(std::move(text));
  };
  CsvReader reader;
  for (std::size_t at = 0; at < bytes.size(); at += piece) reader.feed(bytes.substr(at, piece), sink);
  reader.finish(sink);
  return out;
}

TEST(Csv, ReadsColumnsInAnyOrderAndTakesOthersForTags) {
  EXPECT_THAT(
      read("value,dc,metric_name,timestamp,source_id\n1.5,eu,cpu,1795000000000,a\n"),
      ElementsAre(R"({"metric_name":"cpu","source_id":"a","timestamp":1795000000000,"value":1.5,"tags":{"dc":"eu"}})"));
}

TEST(Csv, LeavesOutWhatIsEmpty) {
  EXPECT_THAT(read("metric_name,source_id,timestamp,value,dc\ncpu,,,1,\n"),
              ElementsAre(R"({"metric_name":"cpu","value":1})"));
  EXPECT_THAT(read("metric_name,value\ncpu,1"), ElementsAre(R"({"metric_name":"cpu","value":1})"));
}

TEST(Csv, ReadsQuotedFields) {
  EXPECT_THAT(read("metric_name,value,note\n\"a,\"\"b\"\"\",\"2\",\"two\r\nlines\"\r\ncpu,1,\"\"\r\n"),
              ElementsAre(R"({"metric_name":"a,\"b\"","value":2,"tags":{"note":"two\r\nlines"}})",
                          R"({"metric_name":"cpu","value":1})"));
}

TEST(Csv, StepsOverBomBlankLinesAndCarriageReturns) {
  EXPECT_THAT(read("\xEF\xBB\xBF\r\nmetric_name,value\r\n\r\ncpu,1\r\n\n\ncpu,x\r\n"),
              ElementsAre(R"({"metric_name":"cpu","value":1})", StartsWith("line 7: column value")));
}

TEST(Csv, ReadsRfc3339Timestamps) {
  EXPECT_THAT(read("metric_name,value,timestamp\ncpu,1,2026-01-02T03:04:10Z\n"),
              ElementsAre(R"({"metric_name":"cpu","timestamp":1767323050000,"value":1})"));
}

TEST(Csv, KeepsGoodRecordsBesideBadOnes) {
  const std::string head = "metric_name,value,timestamp\n";
  const std::string good = "cpu,1,\n";
  const std::string good_out = R"({"metric_name":"cpu","value":1})";
  const std::pair<std::string, std::string> cases[] = {
      {"cpu,1\n", "2 fields; the header has 3"},
      {"cpu,1,,\n", "4 fields"},
      {",1,\n", "metric_name is empty"},
      {"cpu,,\n", "column value"},
      {"cpu,NaN,\n", "column value: \"NaN\""},
      {"cpu,1e999,\n", "finite"},
      {"cpu,1,1795000000\n", "looks like seconds"},
      {"cpu,1,1795000000000.5\n", "whole milliseconds"},
      {"cpu,1,2026-01-02 03:04:10\n", "expected T"},
      {"c\"pu,1,\n", "a quote in a field without quotes"},
      {"\"cpu\"x,1,\n", "behind the closing quote"},
      {"\xFF,1,\n", "not UTF-8"},
  };
  for (const auto& [bad, says] : cases) {
    const auto out = read(head + good + bad + good);
    ASSERT_EQ(out.size(), 3U) << bad;
    EXPECT_EQ(out[0], good_out);
    EXPECT_THAT(out[1], StartsWith("line 3: "));
    EXPECT_THAT(out[1], HasSubstr(says)) << bad;
    EXPECT_EQ(out[2], good_out);
  }
}

TEST(Csv, SaysWhereAnOpenQuoteBegan) {
  EXPECT_THAT(read("metric_name,value\ncpu,1\n\"cpu,1\ncpu,2\n"),
              ElementsAre(testing::_, StartsWith("line 3: a field in quotes is not closed")));
}

TEST(Csv, StopsAfterABadHeader) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "no header"},
      {"cpu,1\n2,3\n", "column metric_name is missing"},
      {"metric_name,timestamp\na,1\n", "column value is missing"},
      {"metric_name,value,value\na,1,2\n", "\"value\" comes twice"},
      {"metric_name,value,\na,1,2\n", "column 3"},
      {"metric_name,val\"ue\na,1\n", "a quote"},
  };
  for (const auto& [text, says] : cases) {
    const auto out = read(text);
    ASSERT_EQ(out.size(), 1U) << text;
    EXPECT_THAT(out[0], HasSubstr(says));
  }
}

TEST(Csv, BoundsARecordAndGoesOn) {
  const std::string head = "metric_name,value\n";
  const std::string large(CsvReader::max_record_bytes + 10, 'x');
  for (const std::string& bad :
       {large + ",1\n", "\"" + large + "\n\"\",\n\",1\n", std::string(CsvReader::max_record_bytes + 10, ',') + "\n"}) {
    const auto out = read(head + bad + "cpu,1\n");
    ASSERT_EQ(out.size(), 2U);
    EXPECT_THAT(out[0], HasSubstr("more than 1048576 bytes"));
    EXPECT_EQ(out[1], R"({"metric_name":"cpu","value":1})");
  }
}

TEST(Csv, ReadsTheSameInPiecesOfAnySize) {
  EXPECT_TRUE(rc::check([] {
    static const std::vector<std::string> parts = {"cpu",          ",",   ",", "1", "\n", "\r\n", "\"", "\"\"", "x",
                                                   "\xEF\xBB\xBF", "-2.5"};
    std::string text = *rc::gen::element<std::string>("\xEF\xBB\xBF", "\xEF", "") + "metric_name,value,dc\n";
    const int count = *rc::gen::inRange(0, 40);
    for (int i = 0; i < count; ++i) text += *rc::gen::elementOf(parts);
    RC_ASSERT(read(text) == read(text, *rc::gen::inRange<std::size_t>(1, 9)));
  }));
}

TEST(Csv, ReadsBackFieldsThatItWrote) {
  EXPECT_TRUE(rc::check([] {
    const auto field = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab,\"\r\n ")));
    RC_PRE(!field.empty());
    std::string text = "metric_name,value,tag\ncpu,1,";
    append_csv_field(text, field);
    text += "\r\n";
    std::string expected;
    CsvReader reader;
    const auto sink = [&](const CsvReader::Record& record, std::uint64_t) {
      if (record && !record->tags.empty()) expected = record->tags[0].second;
    };
    reader.feed(text, sink);
    reader.finish(sink);
    RC_ASSERT(expected == field);
  }));
}

}  // namespace
}  // namespace millrace
