#include "store/packed_ints.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace millrace {
namespace {

std::string pack(const std::vector<std::int64_t>& numbers) {
  std::string bytes;
  PackedInts::write(numbers, bytes);
  bytes.append(PackedInts::slack, '\0');
  return bytes;
}

/// Mostly small numbers, some of any size.
rc::Gen<std::vector<std::int64_t>> numbers() {
  const auto any = rc::gen::arbitrary<std::int64_t>();
  const auto huge = rc::gen::map(rc::gen::arbitrary<std::uint64_t>(),
                                 [](std::uint64_t bits) { return static_cast<std::int64_t>(bits); });
  const auto small = rc::gen::inRange<std::int64_t>(-50, 50);
  return rc::gen::container<std::vector<std::int64_t>>(
      rc::gen::weightedOneOf<std::int64_t>({{1, any}, {1, huge}, {8, small}}));
}

RC_GTEST_PROP(PackedInts, GiveBackTheNumbers, ()) {
  const auto expected = *numbers();
  const std::string bytes = pack(expected);
  ByteReader reader(bytes);
  const auto column = PackedInts::read(reader, expected.size());
  RC_ASSERT(column.has_value());
  RC_ASSERT(reader.left() == PackedInts::slack);
  std::vector<std::int64_t> got(expected.size());
  column->unpack(0, got);
  RC_ASSERT(got == expected);
  for (std::size_t i = 0; i < expected.size(); ++i) RC_ASSERT(column->at(i) == expected[i]);
}

RC_GTEST_PROP(PackedInts, GiveAnyRange, ()) {
  const auto expected = *rc::gen::nonEmpty(numbers());
  const std::string bytes = pack(expected);
  ByteReader reader(bytes);
  const auto column = PackedInts::read(reader, expected.size());
  const auto begin = *rc::gen::inRange<std::size_t>(0, expected.size());
  const auto end = *rc::gen::inRange<std::size_t>(begin, expected.size() + 1);
  std::vector<std::int64_t> got(end - begin);
  column->unpack(begin, got);
  RC_ASSERT(std::equal(got.begin(), got.end(), expected.begin() + static_cast<std::ptrdiff_t>(begin)));
}

TEST(PackedInts, OfOneValueNeedNoBitsForIt) { EXPECT_LE(pack(std::vector<std::int64_t>(1000, 123'456)).size(), 16U); }

TEST(PackedInts, KeepAStrayFromWideningTheColumn) {
  std::vector<std::int64_t> numbers(1000, 3);
  numbers[500] = std::numeric_limits<std::int64_t>::max();
  EXPECT_LE(pack(numbers).size(), 32U);
}

RC_GTEST_PROP(SteppedInts, GiveBackEachSeries, ()) {
  const auto series =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<std::vector<std::int64_t>>>(rc::gen::nonEmpty(numbers())));
  std::vector<std::int64_t> all;
  std::vector<std::uint32_t> starts;
  for (const auto& one : series) {
    starts.push_back(static_cast<std::uint32_t>(all.size()));
    all.insert(all.end(), one.begin(), one.end());
  }
  starts.push_back(static_cast<std::uint32_t>(all.size()));
  std::string bytes;
  SteppedInts::write(all, starts, bytes);
  bytes.append(PackedInts::slack, '\0');
  ByteReader reader(bytes);
  const auto column = SteppedInts::read(reader, all.size(), series.size());
  RC_ASSERT(column.has_value());
  for (std::size_t s = 0; s < series.size(); ++s) {
    std::vector<std::int64_t> got(series[s].size());
    column->unpack(s, starts[s], got);
    RC_ASSERT(got == series[s]);
  }
}

TEST(SteppedInts, OfConstantSeriesNeedNoBitsARow) {
  std::vector<std::int64_t> numbers;
  std::vector<std::uint32_t> starts;
  for (std::uint32_t s = 0; s < 10; ++s) {
    starts.push_back(s * 100);
    numbers.insert(numbers.end(), 100, s * 997);
  }
  starts.push_back(1000);
  std::string bytes;
  SteppedInts::write(numbers, starts, bytes);
  EXPECT_LE(bytes.size(), 32U);
}

}  // namespace
}  // namespace millrace
