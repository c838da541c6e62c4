#include "query/point_json.hpp"

#include "model/rfc3339.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace millrace {
namespace {

constexpr Millis at{1'767'323'050'000};  // 2026-01-02T03:04:10Z

Point sample() {
  Point point;
  point.timestamp = at;
  point.rollup.add(1.5, at);
  point.rollup.add(0.1, at + Duration{1});
  point.rollup.add(-2, at + Duration{2});
  point.final = true;
  point.revision = 7;
  return point;
}

std::string text(const Point& point, const PointShape& shape) {
  std::string out;
  append_point_json(out, point, shape);
  return out;
}

TEST(PointJson, HasEveryMemberByDefault) {
  EXPECT_EQ(
      text(sample(), PointShape()),
      R"({"timestamp":"2026-01-02T03:04:10.000Z","value":-0.13333333333333333,"count":3,"sum":-0.4,)"
      R"("min":-2,"max":1.5,"first":1.5,"last":-2,"p50":0.1,"p95":1.3599999999999999,"p99":1.472,"final":true,"revision":7})");
}

TEST(PointJson, HasOnlyTheFieldsAskedFor) {
  const std::vector<Field> fields{Field::max, Field::rate};
  Point point = sample();
  EXPECT_EQ(text(point, PointShape(fields)),
            R"({"timestamp":"2026-01-02T03:04:10.000Z","max":1.5,"rate":null,"final":true,"revision":7})");
  point.rate = 0.25;
  point.final = false;
  EXPECT_EQ(text(point, PointShape(fields)),
            R"({"timestamp":"2026-01-02T03:04:10.000Z","max":1.5,"rate":0.25,"final":false,"revision":7})");
}

TEST(PointJson, TellsFurtherQuantilesAndTheHistogram) {
  const std::vector<Field> fields{Field::histogram};
  const std::vector<double> quantiles{0, 0.9, 1};
  Point point = sample();
  point.histogram = {{-2, 0, 1}, {0, 1.5, 2}};
  EXPECT_EQ(text(point, PointShape(fields, quantiles)),
            R"({"timestamp":"2026-01-02T03:04:10.000Z","quantiles":{"0":-2,"0.9":1.22,"1":1.5},)"
            R"("histogram":[[-2,0,1],[0,1.5,2]],"final":true,"revision":7})");
}

TEST(PointJson, AQuantileWithoutDigestIsNull) {
  Point point = sample();
  point.rollup.digest = Digest();
  EXPECT_NE(text(point, PointShape()).find(R"("p50":null,"p95":null,"p99":null)"), std::string::npos);
}

TEST(TimeJson, IsTheRfc3339TimeOrNull) {
  const auto text = [](Millis time) {
    std::string out;
    append_time_json(out, time);
    return out;
  };
  EXPECT_EQ(text(Millis::never()), "null");
  for (const std::int64_t time : {1'767'323'050'123LL, 1'767'323'050'124LL, 0LL, 1LL, -1LL, 1'767'398'399'999LL,
                                  1'767'398'400'000LL, -62'167'219'200'001LL, 253'402'300'800'000LL}) {
    EXPECT_EQ(text(Millis{time}), '"' + format_rfc3339(Millis{time}) + '"');
  }
}

TEST(FreshnessJson, WritesTimesOrNull) {
  Freshness freshness;
  freshness.as_of = at;
  freshness.lag = Duration{6'000};
  freshness.state = Freshness::State::delayed;
  std::string out;
  append_freshness_json(out, freshness);
  EXPECT_EQ(
      out,
      R"({"state":"delayed","finalUntil":null,"newestEvent":null,"asOf":"2026-01-02T03:04:10.000Z","lagMs":6000})");
}

class AnswerJson : public ::testing::Test {
 protected:
  AnswerJson() {
    query.selector.metric = "a\"b";
    query.fields = {Field::count};
    answer.resolution = {Resolution::Kind::fixed, Duration{10'000}};
    answer.freshness.as_of = at;
  }
  std::string text() {
    std::string out;
    append_answer_json(out, query, answer, catalog);
    return out.substr(0, out.find(",\"freshness\""));
  }
  static constexpr const char* point =
      R"({"timestamp":"2026-01-02T03:04:10.000Z","count":3,"final":true,"revision":7})";
  Catalog catalog;
  Query query;
  Answer answer;
};

TEST_F(AnswerJson, HasPointsOfAllTogether) {
  answer.series.push_back({"", {}, {}});
  answer.series.front().points.push_back(sample());
  EXPECT_EQ(text(), R"({"name":"a\"b","source":null,"resolution":"10s","points":[)" + std::string(point) + "]");
  query.selector.source = "s";
  answer.live_missing = true;
  EXPECT_EQ(text(), R"({"name":"a\"b","source":"s","resolution":"10s","points":[)" + std::string(point) +
                        R"(],"liveMissing":true)");
}

TEST_F(AnswerJson, HasSeriesWhenGrouped) {
  answer.grouped = true;
  EXPECT_EQ(text(), R"({"name":"a\"b","source":null,"resolution":"10s","series":[])");
  answer.series.push_back({"", {{"k", "v"}}, {}});
  answer.series.back().points.push_back(sample());
  EXPECT_EQ(text(),
            R"({"name":"a\"b","source":null,"resolution":"10s","series":[{"source":"","tags":{"k":"v"},"points":[)" +
                std::string(point) + "]}]");
}

TEST_F(AnswerJson, HasRawPointsWithSourceAndTags) {
  const SeriesId id = catalog.intern({"a\"b", "host", {{"k", "v"}}}, at).id;
  answer.resolution = {Resolution::Kind::raw, Duration{0}};
  answer.raw = {{at, 2.5, id}, {at + Duration{1}, -0.0, id}};
  EXPECT_EQ(text(), R"({"name":"a\"b","source":null,"resolution":"raw","points":[)"
                    R"({"timestamp":"2026-01-02T03:04:10.000Z","value":2.5,"source":"host","tags":{"k":"v"}},)"
                    R"({"timestamp":"2026-01-02T03:04:10.001Z","value":-0,"source":"host","tags":{"k":"v"}}])");
}

}  // namespace
}  // namespace millrace
