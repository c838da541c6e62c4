#include "base/types.hpp"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(AlignDown, PutsAMomentAtAWindowsEndIntoTheNextWindow) {
  EXPECT_EQ(align_down(Millis{19'999}, Duration{10'000}), Millis{10'000});
  EXPECT_EQ(align_down(Millis{20'000}, Duration{10'000}), Millis{20'000});
}

TEST(AlignDown, RoundsDownBefore1970Too) {
  EXPECT_EQ(align_down(Millis{-1}, Duration{10'000}), Millis{-10'000});
  EXPECT_EQ(align_down(Millis{-10'000}, Duration{10'000}), Millis{-10'000});
}

}  // namespace
}  // namespace millrace
