#include "query/counter_rates.hpp"

#include <gtest/gtest.h>

namespace millrace {
namespace {

constexpr Duration ten{10'000};
constexpr Millis far{1'000'000'000};

RowView row(std::uint32_t series, std::int64_t bucket, double first, double last, std::uint16_t partition = 0) {
  RowView view{};
  view.partition = PartitionId{partition};
  view.series = SeriesId{series};
  view.bucket = Millis{bucket * 1000};
  view.count = 2;
  view.first = first;
  view.last = last;
  view.first_time = view.bucket;
  view.last_time = view.bucket + Duration{9'000};
  return view;
}

TEST(CounterRates, GrowthOfTheLastValueASecondSummedOverSeries) {
  CounterRates rates({Millis{0}, ten, 3}, far);
  rates.add(0, row(1, -10, 0, 100));
  rates.add(0, row(1, 0, 110, 150));
  rates.add(0, row(1, 10, 150, 180));
  rates.add(0, row(2, 0, 1000, 1010));
  rates.add(0, row(2, 10, 1010, 1040));
  rates.finish();
  EXPECT_DOUBLE_EQ(rates.at(0, 0).rate, 5.0 + 1.0);  // the second series grows from its own first value
  EXPECT_DOUBLE_EQ(rates.at(0, 1).rate, 3.0 + 3.0);
  EXPECT_DOUBLE_EQ(rates.at(0, 2).rate, 0.0);
  EXPECT_DOUBLE_EQ(rates.total(0), 60.0 + 60.0);
}

TEST(CounterRates, AFallIsAReset) {
  CounterRates rates({Millis{0}, ten, 2}, far);
  rates.add(0, row(1, 0, 100, 200));
  rates.add(0, row(1, 10, 5, 20));
  rates.finish();
  EXPECT_DOUBLE_EQ(rates.at(0, 1).rate, 2.0);
}

TEST(CounterRates, AGapSpreadsItsGrowth) {
  CounterRates rates({Millis{0}, ten, 4}, far);
  rates.add(0, row(1, 0, 0, 100));
  rates.add(0, row(1, 30, 400, 400));
  rates.finish();
  EXPECT_DOUBLE_EQ(rates.at(0, 3).rate, 10.0);  // 300 in 30 s
}

TEST(CounterRates, AnOpenBucketDividesByTheTimePassedOfIt) {
  CounterRates rates({Millis{0}, ten, 2}, Millis{14'000});
  rates.add(0, row(1, 0, 0, 100));
  rates.add(0, row(1, 10, 100, 120));
  rates.finish();
  EXPECT_DOUBLE_EQ(rates.at(0, 1).rate, 5.0);
}

TEST(CounterRates, GroupsAreKeptApartAndCoarseBucketsTakeTheirLastRow) {
  CounterRates rates({Millis{0}, Duration{60'000}, 1}, far);
  rates.add(1, row(2, 50, 500, 600));
  rates.add(1, row(2, 0, 0, 10));
  rates.add(0, row(1, 0, 0, 60));
  // Of two partitions the later value stands.
  RowView later = row(1, 0, 60, 120, 1);
  later.last_time = later.last_time + Duration{1};
  later.first_time = later.first_time + Duration{1};
  rates.add(0, later);
  rates.finish();
  EXPECT_DOUBLE_EQ(rates.at(0, 0).rate, 2.0);
  EXPECT_DOUBLE_EQ(rates.at(1, 0).rate, 10.0);
}

TEST(CounterRates, LooksBackAtLeastFiveMinutesInWholeBuckets) {
  EXPECT_EQ(CounterRates::look_back(ten), Duration{300'000});
  EXPECT_EQ(CounterRates::look_back(Duration{90'000}), Duration{360'000});
  EXPECT_EQ(CounterRates::look_back(Duration{3'600'000}), Duration{3'600'000});
}

TEST(PassedSeconds, IsTheWholeBucketOnceItIsOver) {
  EXPECT_DOUBLE_EQ(passed_seconds(Millis{0}, ten, Millis{10'000}), 10.0);
  EXPECT_DOUBLE_EQ(passed_seconds(Millis{0}, ten, far), 10.0);
  EXPECT_DOUBLE_EQ(passed_seconds(Millis{0}, ten, Millis{2'500}), 2.5);
  EXPECT_DOUBLE_EQ(passed_seconds(Millis{0}, ten, Millis{1}), 0.1);
  EXPECT_DOUBLE_EQ(passed_seconds(Millis{0}, ten, Millis{-5'000}), 10.0);
}

}  // namespace
}  // namespace millrace
