#include "ingest/decimal.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <cstdlib>
#include <string>

namespace millrace {
namespace {

TEST(Decimal, KnowsWholeNumbersHoweverTheyAreWritten) {
  EXPECT_EQ(Decimal("0").to_whole(), 0);
  EXPECT_EQ(Decimal("-0.000").to_whole(), 0);
  EXPECT_EQ(Decimal("0e99").to_whole(), 0);
  EXPECT_EQ(Decimal("120").to_whole(), 120);
  EXPECT_EQ(Decimal("-120.00").to_whole(), -120);
  EXPECT_EQ(Decimal("1.2e2").to_whole(), 120);
  EXPECT_EQ(Decimal("1200E-1").to_whole(), 120);
  EXPECT_EQ(Decimal("0.00012e6").to_whole(), 120);
  EXPECT_EQ(Decimal("999999999999999999").to_whole(), 999'999'999'999'999'999);
}

TEST(Decimal, KnowsFractions) {
  EXPECT_EQ(Decimal("1.5").to_whole(), std::nullopt);
  EXPECT_EQ(Decimal("15e-1").to_whole(), std::nullopt);
  EXPECT_EQ(Decimal("1795000000000.00000000000000000001").to_whole(), std::nullopt);
  EXPECT_EQ(Decimal("1e-999999999999").to_whole(), std::nullopt);
}

TEST(Decimal, StopsAtTenToTheEighteenth) {
  EXPECT_EQ(Decimal("1e18").to_whole(), 1'000'000'000'000'000'000);
  EXPECT_EQ(Decimal("1e999999999999999999999").to_whole(), 1'000'000'000'000'000'000);
  EXPECT_EQ(Decimal("-99999999999999999999").to_whole(), -1'000'000'000'000'000'000);
}

TEST(Decimal, TellsTooLargeFromTooSmall) {
  EXPECT_EQ(Decimal("1e309").to_double(), std::nullopt);
  EXPECT_EQ(Decimal("-1e309").to_double(), std::nullopt);
  EXPECT_EQ(Decimal("0.0001e315").to_double(), std::nullopt);
  EXPECT_EQ(Decimal("1e-400").to_double(), 0.0);
  EXPECT_TRUE(std::signbit(*Decimal("-1e-400").to_double()));
  EXPECT_TRUE(std::signbit(*Decimal("-0").to_double()));
  EXPECT_EQ(Decimal("1" + std::string(400, '0') + "e-400").to_double(), 1.0);
}

TEST(Decimal, RoundsAsTheCLibraryDoes) {
  EXPECT_TRUE(rc::check([] {
    const auto whole = *rc::gen::arbitrary<std::uint64_t>();
    const auto fraction = *rc::gen::arbitrary<std::uint32_t>();
    const std::string text =
        std::to_string(whole) + "." + std::to_string(fraction) + "e" + std::to_string(*rc::gen::inRange(-300, 250));
    RC_ASSERT(Decimal(text).to_double() == std::strtod(text.c_str(), nullptr));
  }));
}

}  // namespace
}  // namespace millrace
