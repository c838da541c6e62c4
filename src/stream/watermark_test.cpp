#include "stream/watermark.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

namespace millrace {
namespace {

using std::chrono::seconds;

constexpr Millis noon{1'790'000'000'000};

Watermark fresh() { return {seconds(2), seconds(5)}; }

TEST(Watermark, SaysNeverBeforeTheFirstEvent) { EXPECT_EQ(fresh().value(), Millis::never()); }

TEST(Watermark, FollowsTheHighestEventByTheOutOfOrderness) {
  Watermark watermark = fresh();
  watermark.observe(noon, noon + seconds(1), seconds(0));
  EXPECT_EQ(watermark.value(), noon - seconds(2));
}

TEST(Watermark, LetsOneEventFromTheFutureMakeNothingLate) {
  Watermark watermark = fresh();
  watermark.observe(noon + seconds(3'600), noon, seconds(0));
  EXPECT_EQ(watermark.value(), noon - seconds(2));
  EXPECT_EQ(watermark.newest_event(), noon + seconds(3'600));
}

TEST(Watermark, MovesOnWhenThePartitionIsIdle) {
  Watermark watermark = fresh();
  watermark.observe(noon, noon, seconds(100));
  watermark.pass(noon + seconds(4), seconds(104));
  EXPECT_EQ(watermark.value(), noon - seconds(2)) << "not idle for long enough";
  watermark.pass(noon + seconds(5), seconds(105));
  EXPECT_EQ(watermark.value(), noon - seconds(2));
  watermark.pass(noon + seconds(30), seconds(130));
  EXPECT_EQ(watermark.value(), noon + seconds(23));
}

TEST(Watermark, MovesOnThoughThePartitionNeverHadAnEvent) {
  Watermark watermark = fresh();
  watermark.restore(Millis::never(), Millis::never(), Millis::never(), seconds(10));
  watermark.pass(noon, seconds(14));
  EXPECT_EQ(watermark.value(), Millis::never());
  watermark.pass(noon + seconds(1), seconds(15));
  EXPECT_EQ(watermark.value(), noon - seconds(6));
}

TEST(Watermark, IsNotIdleWhileTheLogIsReplayed) {
  Watermark watermark = fresh();
  watermark.observe(noon, noon, seconds(0));
  watermark.busy(seconds(9));
  watermark.pass(noon + seconds(10), seconds(10));
  EXPECT_EQ(watermark.value(), noon - seconds(2));
}

TEST(Watermark, GoesOnFromWhatWasCommitted) {
  Watermark watermark = fresh();
  watermark.restore(noon, noon + seconds(2), noon + seconds(3), seconds(0));
  EXPECT_EQ(watermark.value(), noon);
  watermark.observe(noon - seconds(600), noon - seconds(500), seconds(1));
  EXPECT_EQ(watermark.value(), noon);
}

TEST(Watermark, PassesOverAClockThatJumpsForAWhile) {
  Watermark watermark = fresh();
  watermark.observe(noon, noon, seconds(0));
  watermark.pass(noon, seconds(0));
  watermark.pass(noon + seconds(3'610), seconds(10));
  EXPECT_EQ(watermark.value(), noon + seconds(3)) << "as if the clock had not been set";
  watermark.pass(noon + seconds(20), seconds(20));
  EXPECT_EQ(watermark.value(), noon + seconds(13));
}

TEST(Watermark, BelievesAClockThatStaysWhereItWasSet) {
  Watermark watermark = fresh();
  watermark.observe(noon, noon, seconds(0));
  watermark.pass(noon, seconds(0));
  watermark.pass(noon + seconds(3'610), seconds(10));
  watermark.pass(noon + seconds(3'680), seconds(80));
  EXPECT_EQ(watermark.value(), noon + seconds(3'673));
}

TEST(Watermark, NeverFalls) {
  EXPECT_TRUE(rc::check([] {
    Watermark watermark = fresh();
    Millis before = watermark.value();
    Duration steady{0};
    for (int i = 0; i < 100; ++i) {
      steady += Duration{*rc::gen::inRange(0, 10'000)};
      const Millis time = noon + Duration{*rc::gen::inRange(-4'000'000, 4'000'000)};
      if (*rc::gen::arbitrary<bool>()) {
        watermark.observe(time, noon + Duration{*rc::gen::inRange(-4'000'000, 4'000'000)}, steady);
      } else {
        watermark.pass(time, steady);
      }
      RC_ASSERT(watermark.value() >= before);
      before = watermark.value();
    }
  }));
}

}  // namespace
}  // namespace millrace
