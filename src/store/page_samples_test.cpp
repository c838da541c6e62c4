#include "store/digest_page.hpp"
#include "store/page.hpp"
#include "store/raw_page.hpp"
#include "store/store.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

// Bytes that version 1 wrote must be read for as long as version 1 is.
namespace millrace {
namespace {

constexpr std::int64_t start = 20'000LL * 24 * 3'600'000;

std::string sample(const std::string& name) {
  std::ifstream in(std::string(MILLRACE_SOURCE_DIR) + "/tests/data/page-v1." + name, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

/// Decimals with a third, a gap, a late first time and a compensation among them.
std::vector<PageRow> rows() {
  std::vector<PageRow> rows;
  for (std::uint32_t s = 0; s < 3; ++s) {
    for (std::int64_t b = 0; b < 8; ++b) {
      if (b == 3) continue;
      const auto cents = static_cast<double>(1'000 + (100 * s) + (7 * b));
      const Millis bucket{start + (b * 10'000)};
      rows.push_back({SeriesId{5 + (10 * s)}, bucket, static_cast<std::uint64_t>(8 + b),
                      b == 5 ? cents / 300 : cents * 8 / 100, b == 2 ? 1e-15 : 0, (cents - 25) / 100,
                      (cents + 150) / 100, cents / 100, (cents + 50) / 100, bucket + Duration{s},
                      bucket + Duration{9'000}});
    }
  }
  rows[4].max = 100.0 / 3;
  return rows;
}

const std::vector<std::string_view> digests{"one", "", "three", "four", "five"};
const std::vector<std::uint32_t> starts{0, 2, 5};

std::vector<RawPoint> points() {
  std::vector<RawPoint> points;
  for (std::uint32_t s = 1; s < 4; ++s) {
    for (std::int64_t i = 0; i < 4 * s; ++i) {
      points.push_back({SeriesId{s * s}, Millis{start + (i * 1'000) + s}, static_cast<double>((i * 37) % 11) / 10});
    }
  }
  points[2].value = 1.0 / 7;
  return points;
}

TEST(PageSamples, RowsOfVersionOneAreRead) {
  const std::string bytes = sample("rows");
  auto page = Page::open(bytes);
  ASSERT_TRUE(page.has_value());
  std::vector<PageRow> got;
  for (std::size_t s = 0; s < page->series().size(); ++s) {
    const auto read = page->read(s);
    ASSERT_TRUE(read.has_value());
    got.insert(got.end(), read->begin(), read->end());
  }
  EXPECT_EQ(got, rows());
  EXPECT_EQ(encode_page(Level::ten_seconds, Millis{start}, rows()), bytes);
}

TEST(PageSamples, DigestsOfVersionOneAreRead) {
  const std::string bytes = sample("digests");
  auto page = DigestPage::open(bytes);
  ASSERT_TRUE(page.has_value());
  const auto second = page->read(1, 2, 3);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(std::vector<std::string_view>(second->begin(), second->end()),
            std::vector<std::string_view>(digests.begin() + 2, digests.end()));
  EXPECT_EQ(encode_digest_page(starts, digests), bytes);
}

TEST(PageSamples, PointsOfVersionOneAreRead) {
  const std::string bytes = sample("raw");
  auto page = RawPage::open(bytes);
  ASSERT_TRUE(page.has_value());
  std::vector<RawPoint> got;
  for (std::size_t s = 0; s < page->series().size(); ++s) {
    const auto read = page->read(s);
    ASSERT_TRUE(read.has_value());
    got.insert(got.end(), read->begin(), read->end());
  }
  EXPECT_EQ(got, points());
  EXPECT_EQ(encode_raw_page(Millis{start}, points()), bytes);
}

}  // namespace
}  // namespace millrace
