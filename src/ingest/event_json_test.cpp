#include "ingest/event_json.hpp"

#include "ingest/event_parser.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

namespace millrace {
namespace {

TEST(EventJson, WritesALine) {
  std::string out;
  append_event_json(out, SeriesKey{"cpu", "a", {{"dc", "eu"}, {"rack", "r1"}}}, Millis{1'795'000'000'000}, 51.25);
  EXPECT_EQ(
      out,
      R"({"metric_name":"cpu","source_id":"a","timestamp":1795000000000,"value":51.25,"tags":{"dc":"eu","rack":"r1"}})"
      "\n");
}

TEST(EventJson, LeavesOutWhatIsAbsent) {
  std::string out;
  EventText event;
  event.metric = "cpu";
  event.value = -0.0;
  append_event_json(out, event);
  EXPECT_EQ(out, "{\"metric_name\":\"cpu\",\"value\":-0}\n");
}

TEST(EventJson, IsReadBackAlike) {
  EXPECT_TRUE(rc::check([] {
    const auto text = [](std::size_t least) {
      const auto parts = *rc::gen::container<std::vector<std::string>>(
          rc::gen::element<std::string>("a", "\"", "\\", "é", "北", "<", " ", "\U0001F600", "/"));
      std::string joined(least, 'x');
      for (const std::string& part : parts) joined += part;
      return joined.substr(0, 40).size() < joined.size() ? std::string(least, 'x') : joined;
    };
    SeriesKey key{text(1), text(1), {{"k1", text(1)}, {"k2", text(1)}}};
    const double value = *rc::gen::arbitrary<double>();
    const Millis arrival{1'795'000'000'000};
    std::string body;
    append_event_json(body, key, arrival, value);
    Catalog catalog;
    EventParser parser(catalog, 1, {});
    const auto parsed = parser.parse_json(body, arrival);
    RC_ASSERT(parsed.has_value());
    RC_ASSERT(parsed->batch.size() == 1U);
    RC_ASSERT(parsed->batch.sections[0].value[0] == value);
    RC_ASSERT(parsed->batch.sections[0].time[0] == arrival);
    RC_ASSERT(catalog.at(parsed->batch.sections[0].series[0]).key == key);
  }));
}

}  // namespace
}  // namespace millrace
