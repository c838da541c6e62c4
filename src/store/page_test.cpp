#include "store/page.hpp"

#include "store/digest_page.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <set>

namespace millrace {
namespace {

constexpr std::int64_t noon = 20'000LL * 24 * 3'600'000;

/// Bits, so that -0 and NaN count as what they are.
bool same(double a, double b) { return std::memcmp(&a, &b, sizeof(a)) == 0; }

bool same(const PageRow& a, const PageRow& b) {
  return a.series == b.series && a.bucket == b.bucket && a.count == b.count && same(a.sum, b.sum) &&
         same(a.compensation, b.compensation) && same(a.min, b.min) && same(a.max, b.max) && same(a.first, b.first) &&
         same(a.last, b.last) && a.first_time == b.first_time && a.last_time == b.last_time;
}

/// All rows of a page, series by series.
std::vector<PageRow> all_rows(const std::string& bytes) {
  auto page = Page::open(bytes);
  EXPECT_TRUE(page.has_value()) << (page ? "" : page.error().message);
  std::vector<PageRow> rows;
  if (!page) return rows;
  for (std::size_t s = 0; s < page->series().size(); ++s) {
    const auto read = page->read(s);
    EXPECT_TRUE(read.has_value());
    if (read) rows.insert(rows.end(), read->begin(), read->end());
  }
  return rows;
}

void expect_same(const std::vector<PageRow>& got, const std::vector<PageRow>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(same(got[i], expected[i])) << "row " << i;
}

/// Rows as of a random walk with two decimals, one value a second.
std::vector<PageRow> walk(std::uint32_t series, int buckets) {
  std::vector<PageRow> rows;
  std::uint64_t seed = 42;
  for (std::uint32_t s = 0; s < series; ++s) {
    std::int64_t value = 5'000 + s;
    for (int b = 0; b < buckets; ++b) {
      const Millis bucket{noon + (b * 10'000)};
      Rollup rollup;
      for (int i = 0; i < 10; ++i) {
        seed = (seed * 6364136223846793005ULL) + 1442695040888963407ULL;
        value += static_cast<std::int64_t>((seed >> 33) % 101) - 50;
        rollup.add(static_cast<double>(value) / 100, bucket + Duration{(i * 1000) + s % 1000});
      }
      rows.push_back({SeriesId{s * 10}, bucket, rollup.count, rollup.sum, rollup.compensation, rollup.min, rollup.max,
                      rollup.first, rollup.last, rollup.first_time, rollup.last_time});
    }
  }
  return rows;
}

rc::Gen<double> any_double() {
  return rc::gen::oneOf(
      rc::gen::map(rc::gen::inRange<std::int64_t>(-100'000, 100'000),
                   [](std::int64_t n) { return static_cast<double>(n) / 100; }),
      rc::gen::arbitrary<double>(),
      rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t bits) { return std::bit_cast<double>(bits); }),
      rc::gen::element(0.0, -0.0, 5e-324, 1.7976931348623157e308, -1e300, 0.1, 1e-9,
                       std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()));
}

/// Any rows that a page may hold, of one of three kinds: decimals, anything, decimals with strays.
std::vector<PageRow> any_rows(Level level) {
  const std::int64_t step = width(level).count();
  const auto buckets = static_cast<std::uint32_t>(page_span(level).count() / step);
  const bool wild = *rc::gen::arbitrary<bool>();
  const auto number = [&] {
    return wild || *rc::gen::inRange(0, 10) == 0
               ? *any_double()
               : static_cast<double>(*rc::gen::inRange<std::int64_t>(-1'000'000, 1'000'000)) / 1000;
  };
  std::vector<PageRow> rows;
  const auto ids = *rc::gen::unique<std::vector<std::uint32_t>>(rc::gen::arbitrary<std::uint32_t>());
  for (const std::uint32_t id : std::set<std::uint32_t>(ids.begin(), ids.end())) {
    const auto at = *rc::gen::nonEmpty(rc::gen::container<std::set<std::uint32_t>>(rc::gen::inRange(0U, buckets)));
    for (const std::uint32_t b : at) {
      PageRow row;
      row.series = SeriesId{id};
      row.bucket = Millis{noon + (b * step)};
      row.count = wild ? *rc::gen::arbitrary<std::uint64_t>() : *rc::gen::inRange<std::uint64_t>(1, 20);
      row.sum = number();
      row.compensation = *any_double();
      row.min = number();
      row.max = number();
      row.first = number();
      row.last = number();
      row.first_time = Millis{wild ? *rc::gen::arbitrary<std::int64_t>() : row.bucket.value};
      row.last_time = Millis{wild ? *rc::gen::arbitrary<std::int64_t>() : row.bucket.value + 9000};
      rows.push_back(row);
    }
  }
  return rows;
}

RC_GTEST_PROP(Page, GivesBackTheSameBits, ()) {
  const Level level = *rc::gen::element(Level::ten_seconds, Level::minute, Level::hour);
  const auto rows = any_rows(level);
  RC_PRE(!rows.empty());
  const std::string bytes = encode_page(level, Millis{noon}, rows);
  auto page = Page::open(bytes);
  RC_ASSERT(page.has_value());
  RC_ASSERT(page->rows() == rows.size());
  std::size_t at = 0;
  for (std::size_t s = 0; s < page->series().size(); ++s) {
    const auto read = page->read(s);
    RC_ASSERT(read.has_value());
    for (const PageRow& row : *read) RC_ASSERT(same(row, rows[at++]));
  }
  RC_ASSERT(at == rows.size());
}

TEST(Page, ReadsOneSeriesWithoutThoseBefore) {
  const auto rows = walk(50, 60);
  const std::string bytes = encode_page(Level::ten_seconds, Millis{noon}, rows);
  auto page = Page::open(bytes);
  ASSERT_TRUE(page.has_value());
  const auto read = page->read(49);
  ASSERT_TRUE(read.has_value());
  expect_same({read->begin(), read->end()}, {rows.end() - 60, rows.end()});
}

TEST(Page, NeedsFewBytesForRowsOfDecimals) {
  const auto rows = walk(20, 360);
  const std::string bytes = encode_page(Level::ten_seconds, Millis{noon}, rows);
  expect_same(all_rows(bytes), rows);
  EXPECT_LT(bytes.size(), rows.size() * 10);
}

TEST(Page, KeepsAStrayAmongDecimals) {
  auto rows = walk(5, 60);
  rows[7].first = 1.0 / 3;
  rows[8].min = -0.0;
  rows[9].sum = std::numeric_limits<double>::infinity();
  rows[299].last = 1e300;
  expect_same(all_rows(encode_page(Level::ten_seconds, Millis{noon}, rows)), rows);
}

TEST(Page, CutAnywhereIsCorrupt) {
  const std::string bytes = encode_page(Level::ten_seconds, Millis{noon}, walk(4, 6));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto page = Page::open(std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(page.has_value()) << size;
    EXPECT_EQ(page.error().code, ErrorCode::corrupt);
  }
}

TEST(Page, OfANewerVersionSaysSo) {
  std::string bytes = encode_page(Level::ten_seconds, Millis{noon}, walk(1, 1));
  bytes[0] = 2;
  EXPECT_EQ(Page::open(bytes).error().code, ErrorCode::unsupported_version);
}

TEST(Page, FlippedBitsNeverLeaveTheSpan) {
  const std::string whole = encode_page(Level::minute, Millis{noon}, [] {
    auto rows = walk(3, 6);
    for (PageRow& row : rows) row.bucket = Millis{noon + ((row.bucket.value - noon) * 6)};
    return rows;
  }());
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    auto page = Page::open(bytes);
    if (!page) continue;
    for (std::size_t s = 0; s < page->series().size(); ++s) {
      const auto rows = page->read(s);
      if (!rows) continue;
      for (const PageRow& row : *rows) {
        EXPECT_GE(row.bucket, page->start());
        EXPECT_LT(row.bucket, page->start() + page_span(page->level()));
      }
    }
  }
}

RC_GTEST_PROP(DigestPage, GivesBackTheSameBytes, ()) {
  const auto digests = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::vector<std::string>>>(
      rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(rc::gen::arbitrary<std::string>()))));
  std::vector<std::string_view> all;
  std::vector<std::uint32_t> starts;
  for (const auto& series : digests) {
    starts.push_back(static_cast<std::uint32_t>(all.size()));
    all.insert(all.end(), series.begin(), series.end());
  }
  starts.push_back(static_cast<std::uint32_t>(all.size()));
  const std::string bytes = encode_digest_page(starts, all);
  auto page = DigestPage::open(bytes);
  RC_ASSERT(page.has_value());
  for (std::size_t s = 0; s < digests.size(); ++s) {
    const auto read = page->read(s, starts[s], starts[s + 1] - starts[s]);
    RC_ASSERT(read.has_value());
    RC_ASSERT(std::equal(read->begin(), read->end(), digests[s].begin(), digests[s].end()));
  }
}

TEST(DigestPage, CutAnywhereIsCorrupt) {
  const std::vector<std::string_view> digests{"abc", "", "defg"};
  const std::vector<std::uint32_t> starts{0, 2, 3};
  const std::string bytes = encode_digest_page(starts, digests);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DigestPage::open(std::string_view(bytes).substr(0, size)).has_value()) << size;
  }
  auto page = DigestPage::open(bytes);
  ASSERT_TRUE(page.has_value());
  EXPECT_FALSE(page->read(2, 0, 1).has_value());
  EXPECT_FALSE(page->read(1, 2, 2).has_value());
}

}  // namespace
}  // namespace millrace
