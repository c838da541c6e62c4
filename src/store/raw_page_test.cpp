#include "store/raw_page.hpp"

#include "store/store.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <map>

namespace millrace {
namespace {

constexpr std::int64_t noon = 20'000LL * 24 * 3'600'000;

bool same(const RawPoint& a, const RawPoint& b) {
  return a.series == b.series && a.time == b.time && std::memcmp(&a.value, &b.value, sizeof(double)) == 0;
}

std::vector<RawPoint> all_points(const std::string& bytes) {
  auto page = RawPage::open(bytes);
  EXPECT_TRUE(page.has_value());
  std::vector<RawPoint> points;
  for (std::size_t s = 0; page && s < page->series().size(); ++s) {
    const auto read = page->read(s);
    EXPECT_TRUE(read.has_value());
    if (read) points.insert(points.end(), read->begin(), read->end());
  }
  return points;
}

/// A random walk with two decimals, a value a second.
std::vector<RawPoint> walk(std::uint32_t series, int seconds) {
  std::vector<RawPoint> points;
  std::uint64_t seed = 7;
  for (std::uint32_t s = 0; s < series; ++s) {
    std::int64_t value = 5'000;
    for (int i = 0; i < seconds; ++i) {
      seed = (seed * 6364136223846793005ULL) + 1442695040888963407ULL;
      value += static_cast<std::int64_t>((seed >> 33) % 101) - 50;
      points.push_back({SeriesId{s}, Millis{noon + (i * 1000) + s}, static_cast<double>(value) / 100});
    }
  }
  return points;
}

RC_GTEST_PROP(RawPage, GivesBackTheSameBits, ()) {
  const auto series = *rc::gen::nonEmpty(
      rc::gen::container<std::map<std::uint32_t, std::vector<std::pair<std::uint32_t, std::uint64_t>>>>(
          rc::gen::arbitrary<std::uint32_t>(),
          rc::gen::nonEmpty(rc::gen::container<std::vector<std::pair<std::uint32_t, std::uint64_t>>>(
              rc::gen::pair(rc::gen::inRange(0U, 3'600'000U), rc::gen::arbitrary<std::uint64_t>())))));
  const bool decimal = *rc::gen::arbitrary<bool>();
  std::vector<RawPoint> points;
  for (auto [id, pairs] : series) {
    std::sort(pairs.begin(), pairs.end());
    for (const auto& [time, bits] : pairs) {
      const double value =
          decimal && bits % 10 != 0 ? static_cast<double>(bits % 1'000'000) / 1000 - 500 : std::bit_cast<double>(bits);
      points.push_back({SeriesId{id}, Millis{noon + time}, value});
    }
  }
  const std::string bytes = encode_raw_page(Millis{noon}, points);
  auto page = RawPage::open(bytes);
  RC_ASSERT(page.has_value());
  RC_ASSERT(page->points() == points.size());
  std::size_t at = 0;
  for (std::size_t s = 0; s < page->series().size(); ++s) {
    const auto read = page->read(s);
    RC_ASSERT(read.has_value());
    for (const RawPoint& point : *read) RC_ASSERT(same(point, points[at++]));
  }
}

TEST(RawPage, NeedsAboutAByteForAPointOfARandomWalk) {
  const auto points = walk(8, 3600);
  const std::string bytes = encode_raw_page(Millis{noon}, points);
  EXPECT_EQ(all_points(bytes), points);
  EXPECT_LT(bytes.size(), points.size());
}

TEST(RawPage, KeepsEqualTimesInOrder) {
  const std::vector<RawPoint> points{{SeriesId{1}, Millis{noon}, 3},
                                     {SeriesId{1}, Millis{noon}, 1},
                                     {SeriesId{1}, Millis{noon}, 2},
                                     {SeriesId{9}, Millis{noon}, 0}};
  EXPECT_EQ(all_points(encode_raw_page(Millis{noon}, points)), points);
}

TEST(RawPage, CutAnywhereIsCorrupt) {
  const std::string bytes = encode_raw_page(Millis{noon}, walk(3, 5));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(RawPage::open(std::string_view(bytes).substr(0, size)).has_value()) << size;
  }
}

TEST(RawPage, OfANewerVersionSaysSo) {
  std::string bytes = encode_raw_page(Millis{noon}, walk(1, 1));
  bytes[0] = 9;
  EXPECT_EQ(RawPage::open(bytes).error().code, ErrorCode::unsupported_version);
}

}  // namespace
}  // namespace millrace
