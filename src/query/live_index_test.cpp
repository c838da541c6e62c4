#include "query/live_index.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <tuple>

namespace millrace {
namespace {

std::shared_ptr<const Row> row(std::uint16_t partition, std::uint32_t series, std::int64_t bucket,
                               std::uint64_t count) {
  auto made = std::make_shared<Row>();
  made->partition = PartitionId{partition};
  made->series = SeriesId{series};
  made->bucket = Millis{bucket * 10'000};
  made->rollup.count = count;
  return made;
}

TEST(LiveIndex, OfTwoRowsForOnePlaceTheHigherCountStands) {
  LiveIndex index({row(0, 1, 5, 3), row(0, 1, 5, 7), row(0, 1, 5, 4)});
  ASSERT_EQ(index.entries().size(), 1U);
  EXPECT_EQ(index.find(PartitionId{0}, SeriesId{1}, Millis{50'000})->row->rollup.count, 7U);
}

RC_GTEST_PROP(LiveIndex, FindsInAnyOrderWhatIsThereAndNothingElse, ()) {
  using Place = std::tuple<std::uint16_t, std::uint32_t, std::int64_t>;
  const auto places = [](int count) {
    return rc::gen::container<std::vector<Place>>(
        static_cast<std::size_t>(count),
        rc::gen::tuple(rc::gen::inRange<std::uint16_t>(0, 3), rc::gen::inRange<std::uint32_t>(0, 8),
                       rc::gen::inRange<std::int64_t>(0, 20)));
  };
  std::map<Place, std::uint64_t> held;
  std::vector<std::shared_ptr<const Row>> rows;
  for (const Place& place : *places(60)) {
    if (!held.emplace(place, held.size() + 1).second) continue;
    rows.push_back(row(std::get<0>(place), std::get<1>(place), std::get<2>(place), held.size()));
  }
  LiveIndex index(rows);
  for (const Place& place : *places(200)) {
    const auto& [partition, series, bucket] = place;
    const auto* found = index.find(PartitionId{partition}, SeriesId{series}, Millis{bucket * 10'000});
    const auto expected = held.find(place);
    RC_ASSERT((found != nullptr) == (expected != held.end()));
    if (found != nullptr) RC_ASSERT(found->row->rollup.count == expected->second);
    const bool any = std::any_of(held.begin(), held.end(), [&](const auto& one) {
      const auto& [p, s, b] = one.first;
      return p == partition && s == series && b >= bucket && b < bucket + 6;
    });
    RC_ASSERT(index.any(PartitionId{partition}, SeriesId{series}, Millis{bucket * 10'000},
                        Millis{(bucket + 6) * 10'000}) == any);
  }
}

}  // namespace
}  // namespace millrace
