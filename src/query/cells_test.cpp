#include "query/cells.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace millrace {
namespace {

RowView row(std::uint16_t partition, std::uint32_t series, double value, std::int64_t bucket = 0) {
  RowView view{};
  view.partition = PartitionId{partition};
  view.series = SeriesId{series};
  view.bucket = Millis{bucket};
  view.count = 1;
  view.sum = view.min = view.max = view.first = view.last = value;
  view.first_time = view.last_time = Millis{bucket + 5};
  return view;
}

TEST(Cells, OfEqualTimesTheLowerPartitionThenSeriesIsEarlierInWhateverOrderRowsCome) {
  std::vector<RowView> rows{row(0, 2, 1), row(0, 9, 2), row(1, 1, 3), row(2, 0, 4)};
  std::vector<std::size_t> order{0, 1, 2, 3};
  do {
    Cells cells(1, {Millis{0}, Duration{10'000}, 1}, false, 10);
    for (const std::size_t i : order) cells.add(0, rows[i], nullptr);
    cells.take(0, [&](std::size_t, Rollup&& rollup) {
      EXPECT_EQ(rollup.first, 1);
      EXPECT_EQ(rollup.last, 4);
      EXPECT_EQ(rollup.count, 4U);
    });
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Cells, AWideGridKeepsOnlyWhatIsThereAscendingByBucket) {
  // Far more slots than are kept as an array.
  const Grid grid{Millis{0}, Duration{10'000}, 3'000'000};
  Cells cells(2, grid, false, 10);
  for (const std::int64_t bucket : {29'999'990'000LL, 0LL, 70'000LL}) cells.add(1, row(0, 1, 1, bucket), nullptr);
  std::vector<std::size_t> seen;
  cells.take(0, [&](std::size_t, Rollup&&) { ADD_FAILURE() << "nothing is in group 0"; });
  cells.take(1, [&](std::size_t bucket, Rollup&&) { seen.push_back(bucket); });
  EXPECT_EQ(seen, (std::vector<std::size_t>{0, 7, 2'999'999}));
}

TEST(Cells, NotesThatThereAreMoreThanTheLimit) {
  Cells cells(1, {Millis{0}, Duration{10'000}, 3}, false, 2);
  cells.add(0, row(0, 1, 1, 0), nullptr);
  cells.add(0, row(0, 1, 1, 10'000), nullptr);
  EXPECT_FALSE(cells.overflowed());
  cells.add(0, row(0, 1, 1, 20'000), nullptr);
  EXPECT_TRUE(cells.overflowed());
}

TEST(Cells, ReportsADigestThatIsNotOne) {
  Cells cells(1, {Millis{0}, Duration{10'000}, 1}, true, 1);
  RowView bad = row(0, 1, 1);
  bad.digest = "nonsense";
  cells.add(0, bad, nullptr);
  EXPECT_TRUE(cells.error());
}

}  // namespace
}  // namespace millrace
