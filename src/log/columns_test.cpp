#include "log/columns.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <bit>
#include <cmath>
#include <limits>

namespace millrace {
namespace {

std::vector<std::uint64_t> bits(const std::vector<double>& values) {
  std::vector<std::uint64_t> out;
  for (const double value : values) out.push_back(std::bit_cast<std::uint64_t>(value));
  return out;
}

std::vector<double> through(const std::vector<double>& values, std::size_t* size = nullptr) {
  std::string bytes;
  encode_doubles(values, bytes);
  if (size != nullptr) *size = bytes.size();
  ByteReader in(bytes);
  std::vector<double> out;
  EXPECT_TRUE(decode_doubles(in, values.size(), out));
  EXPECT_EQ(in.left(), 0U);
  return out;
}

std::vector<std::int64_t> through(const std::vector<std::int64_t>& values, std::size_t* size = nullptr) {
  std::string bytes;
  encode_integers(values, bytes);
  if (size != nullptr) *size = bytes.size();
  ByteReader in(bytes);
  std::vector<std::int64_t> out(values.size());
  EXPECT_TRUE(decode_integers(in, out));
  EXPECT_EQ(in.left(), 0U);
  return out;
}

TEST(Columns, GiveBackAnyIntegers) {
  EXPECT_TRUE(rc::check([] {
    const auto n = *rc::gen::inRange<std::size_t>(1, column_chunk + 1);
    const auto width = *rc::gen::inRange(0, 64);
    auto values = *rc::gen::container<std::vector<std::int64_t>>(n, rc::gen::arbitrary<std::int64_t>());
    for (auto& value : values) {
      value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) * 0x9E3779B97F4A7C15ULL >> width);
    }
    RC_ASSERT(through(values) == values);
  }));
}

TEST(Columns, GiveBackTheExtremesOfIntegers) {
  constexpr auto low = std::numeric_limits<std::int64_t>::min();
  constexpr auto high = std::numeric_limits<std::int64_t>::max();
  for (const std::vector<std::int64_t>& values :
       std::vector<std::vector<std::int64_t>>{{low}, {high}, {low, high}, {high, low, 0, -1, low}, {low, low}}) {
    EXPECT_EQ(through(values), values);
  }
}

TEST(Columns, EqualIntegersTakeNoBits) {
  std::size_t size = 0;
  through(std::vector<std::int64_t>(column_chunk, 1'800'000'000'000), &size);
  EXPECT_LE(size, 8U);
}

TEST(Columns, SteadyStepsTakeNoBits) {
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < 256; ++i) values.push_back(1'800'000'000'000 + i * 1000);
  std::size_t size = 0;
  EXPECT_EQ(through(values, &size), values);
  EXPECT_LE(size, 10U);
}

TEST(Columns, GiveBackAnyBitsOfDoubles) {
  EXPECT_TRUE(rc::check([] {
    const auto n = *rc::gen::inRange<std::size_t>(1, 700);
    const auto raw = *rc::gen::container<std::vector<std::uint64_t>>(n, rc::gen::arbitrary<std::uint64_t>());
    std::vector<double> values;
    for (const auto word : raw) values.push_back(std::bit_cast<double>(word * 0x9E3779B97F4A7C15ULL));
    RC_ASSERT(bits(through(values)) == bits(values));
  }));
}

TEST(Columns, GiveBackDecimalsWithExceptionsAnywhere) {
  EXPECT_TRUE(rc::check([] {
    const auto n = *rc::gen::inRange<std::size_t>(1, 600);
    const auto digits = *rc::gen::inRange(0, 8);
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i) {
      const auto m = *rc::gen::inRange<std::int64_t>(-10'000'000, 10'000'000);
      values.push_back(static_cast<double>(m) / std::pow(10.0, digits));
    }
    const auto odd = *rc::gen::inRange<std::size_t>(0, 20);
    for (std::size_t i = 0; i < odd; ++i) {
      const double strange[] = {-0.0,
                                std::numeric_limits<double>::quiet_NaN(),
                                std::numeric_limits<double>::infinity(),
                                std::numeric_limits<double>::denorm_min(),
                                1.0 / 3,
                                1e300,
                                -1e-300};
      values[*rc::gen::inRange<std::size_t>(0, n)] = strange[*rc::gen::inRange(0, 7)];
    }
    RC_ASSERT(bits(through(values)) == bits(values));
  }));
}

TEST(Columns, ExceptionsAtTheStartAndInRunsAreGivenBack) {
  std::vector<double> values(256, 1.25);
  for (const std::size_t i : {0U, 1U, 2U, 100U, 101U, 255U}) values[i] = 1.0 / 3;
  std::size_t size = 0;
  EXPECT_EQ(through(values, &size), values);
  EXPECT_LT(size, 6 * 9 + 16U);
}

TEST(Columns, TwoDecimalsTakeLessThanTwoBytesAValue) {
  std::vector<double> values;
  for (int i = 0; i < 2560; ++i) values.push_back(std::round((50 + 10 * std::sin(i)) * 100) / 100);
  std::size_t size = 0;
  EXPECT_EQ(through(values, &size), values);
  EXPECT_LT(static_cast<double>(size) / 2560, 2.0);
}

TEST(Columns, IncompressibleDoublesTakeLittleMoreThanTheirSize) {
  std::vector<double> values;
  for (int i = 0; i < 256; ++i) values.push_back(std::sqrt(i + 0.5));
  std::size_t size = 0;
  EXPECT_EQ(through(values, &size), values);
  EXPECT_EQ(size, 256 * 8 + 1U);
}

TEST(Columns, RefuseBytesThatAreCut) {
  std::string bytes;
  std::vector<double> values(300, 1.5);
  values[7] = 1.0 / 3;
  for (std::size_t i = 0; i < values.size(); ++i) values[i] += static_cast<double>(i % 7);
  encode_doubles(values, bytes);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    ByteReader in(std::string_view(bytes).substr(0, cut));
    std::vector<double> out;
    EXPECT_FALSE(decode_doubles(in, values.size(), out)) << cut;
  }
}

TEST(Columns, RefuseAWidthAPowerOrAPlaceOutOfRange) {
  std::vector<std::int64_t> integers(2);
  ByteReader wide(std::string_view("\x41\x00xxxxxxxxxxxxxxxxxxxxxxxx", 26));
  EXPECT_FALSE(decode_integers(wide, integers));
  std::vector<double> out;
  ByteReader power(std::string_view("\x10\x00\x00\x00", 4));
  EXPECT_FALSE(decode_doubles(power, 1, out));
  ByteReader place(
      std::string_view("\x00\x01\x05"
                       "88888888"
                       "\x00\x00",
                       13));
  EXPECT_FALSE(decode_doubles(place, 1, out));
}

}  // namespace
}  // namespace millrace
