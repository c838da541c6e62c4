#include "query/answer_oracle.hpp"
#include "query/engine_fixture.hpp"
#include "query/query.hpp"
#include "store/rocks_store.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace millrace {
namespace {

using testing::check;
using testing::expect;
using testing::Expected;
using testing::Pipeline;
using testing::Sent;

constexpr Millis start = Pipeline::start;
constexpr Duration minute{60'000};
constexpr Duration hour{3'600'000};

/// The embedded store in a folder of its own.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "millrace-query-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::unique_ptr<Store> open() const {
    auto store = RocksStore::open(path_ + "/store", {});
    EXPECT_TRUE(store) << store.error().message;
    return *std::move(store);
  }

 private:
  std::string path_;
};

/// Five hours in the embedded store, four of them derived; then late events into them, in memory and committed.
class Hours : public ::testing::Test {
 protected:
  Hours() {
    for (int i = 0; i < 4; ++i) ids.push_back(world.series("m", "host-" + std::to_string(i)));
    for (int part = 0; part < 30; ++part) {  // 5 hours
      world.clock.advance(10 * minute);
      events(start + part * 10 * minute, 10 * minute, 60);
      if (part % 3 == 2) world.commit();
    }
    world.commit();
    derive();
    // The last commit's rows are let go.
    world.clock.advance(Duration{31'000});
    events(start + 5 * hour, Duration{31'000}, 20);
  }
  void derive() {
    for (int i = 0; i < 1'000; ++i) {
      const auto more = world.store->maintain(world.clock.now(), world.engine->final_until(), Retention{});
      ASSERT_TRUE(more) << more.error().message;
      if (!*more) return;
    }
    FAIL() << "maintain() never ends";
  }
  void events(Millis from, Duration span, int count) {
    std::vector<Sent> sent;
    for (int i = 0; i < count; ++i) {
      const Millis time = from + Duration{static_cast<std::int64_t>(random() % static_cast<unsigned>(span.count()))};
      sent.push_back({PartitionId{static_cast<std::uint16_t>(random() % 2)}, ids[random() % ids.size()], time,
                      static_cast<double>(random() % 1'000) / 8});
    }
    world.send(sent);
  }
  void verify(const char* when) {
    SCOPED_TRACE(when);
    for (const Duration width : {hour, 2 * hour, 24 * hour, minute, 30 * minute}) {
      for (const bool of_source : {false, true}) {
        Query query;
        query.selector.metric = "m";
        if (of_source) query.selector.source = "host-1";
        query.from = start - 24 * hour;
        query.to = start + 7 * hour;
        query.resolution = {Resolution::Kind::fixed, width};
        const auto wanted = [&](const Sent& event) { return !of_source || event.series == ids[1]; };
        const auto answer = world.queries->run(query);
        ASSERT_TRUE(answer) << answer.error().message;
        std::size_t at = 0;
        const auto& points = answer->series.front().points;
        for (Millis bucket = align_down(query.from + width - Duration{1}, width); bucket <= query.to;
             bucket = bucket + width) {
          const Expected expected = expect(world.sent, bucket, bucket + width, wanted);
          if (expected.count == 0) continue;
          ASSERT_LT(at, points.size());
          ASSERT_EQ(points[at].timestamp, bucket);
          check(points[at++], expected, true);
        }
        ASSERT_EQ(at, points.size());
        ASSERT_FALSE(HasFailure()) << width.count() / 60'000 << " min" << (of_source ? ", one source" : "");
      }
    }
  }

  Folder folder;
  Pipeline world{folder.open()};
  std::mt19937 random{11};
  std::vector<SeriesId> ids;
};

TEST_F(Hours, AreExactDerivedAndUnderLateEvents) {
  ASSERT_TRUE(*world.store->hours_derived(start, start + 4 * hour));
  verify("derived");
  events(start + hour, 3 * minute, 5);
  events(start + 2 * hour + 50 * minute, 3 * hour, 9);
  verify("late events in memory");
  world.commit();
  verify("late events committed");
  world.clock.advance(Duration{31'000});
  events(start + 5 * hour, minute, 3);
  verify("late events let go");
  derive();
  ASSERT_TRUE(*world.store->hours_derived(start, start + 4 * hour));
  verify("derived again");
}

TEST_F(Hours, TheTopOverHoursIsThatOfTheEvents) {
  events(start + hour, 3 * minute, 5);
  Query query;
  query.selector.metric = "m";
  query.from = start + 7 * minute;
  query.to = start + 4 * hour + 22 * minute;
  query.resolution = {Resolution::Kind::fixed, minute};
  query.top = 4;
  query.by = "sum";
  query.fields = {Field::value};
  const auto answer = world.queries->run(query);
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(answer->series.size(), 4U);
  double before = 1e300;
  for (const Series& series : answer->series) {
    const double sum = expect(world.sent, query.from, query.to + minute, [&](const Sent& event) {
                         return world.catalog.at(event.series).key.source == series.source;
                       }).sum;
    EXPECT_LT(sum, before);
    before = sum;
  }
}

}  // namespace
}  // namespace millrace
