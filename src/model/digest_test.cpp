#include "model/digest.hpp"

#include "base/bytes.hpp"
#include "model/digest_samples.hpp"
#include "model/value_sort.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace millrace {
namespace {

using testing::ElementsAre;

Digest of(const std::vector<double>& values, double compression = 100) {
  Digest digest(compression);
  for (const double value : values) digest.add(value);
  return digest;
}

std::string bytes_of(const Digest& digest) {
  std::string bytes;
  digest.encode(bytes);
  return bytes;
}

ErrorCode refusal(const std::string& bytes) {
  const auto decoded = Digest::decode(bytes);
  EXPECT_FALSE(decoded.has_value());
  return decoded ? ErrorCode::io : decoded.error().code;
}

/// Whole numbers divided by a power of ten now and then, so that decimals and plain doubles both come up.
rc::Gen<std::vector<double>> some_values(int most) {
  return rc::gen::resize(
      most, rc::gen::container<std::vector<double>>(rc::gen::map(
                rc::gen::pair(rc::gen::inRange(-100'000, 100'000), rc::gen::element(1.0, 10.0, 100.0, 3.0)),
                [](const std::pair<int, double>& drawn) { return drawn.first / drawn.second; })));
}

TEST(Digest, OfNothingAnswersZeroAndHoldsNothing) {
  const Digest digest;
  EXPECT_EQ(digest.count(), 0U);
  EXPECT_EQ(digest.quantile(0.5), 0);
  EXPECT_EQ(digest.rank(1), 0);
  EXPECT_EQ(digest.min(), 0);
  EXPECT_EQ(digest.max(), 0);
  EXPECT_EQ(digest.memory(), 0U);
  EXPECT_TRUE(digest.exact());
  EXPECT_EQ(Digest::decode(bytes_of(digest))->count(), 0U);
}

TEST(Digest, AnswersFewValuesLikePercentileCont) {
  const Digest digest = of({30, 10, 20, 40});
  EXPECT_EQ(digest.quantile(0), 10);
  EXPECT_EQ(digest.quantile(0.5), 25);
  EXPECT_EQ(digest.quantile(0.25), 17.5);
  EXPECT_EQ(digest.quantile(1), 40);
  EXPECT_EQ(digest.rank(20), 2);
  EXPECT_EQ(digest.rank(19.9), 1);
  EXPECT_EQ(digest.rank(1000), 4);
  EXPECT_THAT(digest.centroids(), ElementsAre(Digest::Centroid{10, 1}, Digest::Centroid{20, 1}, Digest::Centroid{30, 1},
                                              Digest::Centroid{40, 1}));
}

TEST(Digest, KeepsThirtyTwoValuesExactlyAndNotOneMore) {
  std::vector<double> values(32);
  std::iota(values.begin(), values.end(), 0);
  Digest digest = of(values);
  EXPECT_TRUE(digest.exact());
  digest.compress();
  EXPECT_TRUE(digest.exact());
  digest.add(32);
  EXPECT_FALSE(digest.exact());
}

TEST(Digest, HoldsFewValuesInLittleMemory) {
  EXPECT_LE(of(std::vector<double>(10, 1.5)).memory(), 104U);
  EXPECT_LE(of(std::vector<double>(32, 1.5)).memory(), 264U);
  EXPECT_LE(of(samples::draw(samples::Shape::uniform, 100'000)).memory(), 9'000U);
}

TEST(Digest, AnswersOutOfRangeQuantilesWithTheEnds) {
  for (const std::size_t n : {5, 5'000}) {
    const Digest digest = of(samples::draw(samples::Shape::uniform, n));
    EXPECT_EQ(digest.quantile(-1), digest.min());
    EXPECT_EQ(digest.quantile(2), digest.max());
    EXPECT_EQ(digest.quantile(std::numeric_limits<double>::quiet_NaN()), digest.min());
  }
}

TEST(Digest, OfOneValueRepeatedIsThatValueEverywhere) {
  const Digest digest = of(std::vector<double>(100'000, 42.1));
  for (const double q : {0.0, 0.001, 0.5, 0.999, 1.0}) EXPECT_EQ(digest.quantile(q), 42.1);
  EXPECT_EQ(digest.rank(42.1), 100'000);
  EXPECT_EQ(digest.rank(42.0), 0);
}

TEST(Digest, TakesTheLargestDoubles) {
  const double huge = std::numeric_limits<double>::max();
  Digest digest;
  for (int i = 0; i < 2'000; ++i) digest.add(i % 2 == 0 ? huge : -huge);
  EXPECT_EQ(digest.min(), -huge);
  EXPECT_EQ(digest.max(), huge);
  for (const double q : {0.1, 0.5, 0.9}) EXPECT_TRUE(std::isfinite(digest.quantile(q)));
  EXPECT_TRUE(std::isfinite(digest.rank(0)));
  EXPECT_TRUE(Digest::decode(bytes_of(digest)).has_value());
}

TEST(Digest, KeepsMeansInOrderWhereOnlyTheLastBitDiffers) {
  Digest digest;
  for (int i = 0; i < 50'000; ++i) digest.add(i % 7 == 0 ? std::nextafter(42.1, 43) : 42.1);
  for (const auto& centroid : digest.centroids()) {
    EXPECT_GE(centroid.mean, digest.min());
    EXPECT_LE(centroid.mean, digest.max());
  }
  EXPECT_TRUE(Digest::decode(bytes_of(digest)).has_value());
}

TEST(Digest, AnswersTheSameBeforeAndAfterCompressing) {
  Digest digest = of(samples::draw(samples::Shape::lognormal, 1'234));
  const double before = digest.quantile(0.95);
  digest.compress();
  EXPECT_EQ(digest.quantile(0.95), before);
}

TEST(Digest, MergedWithItselfCountsTwice) {
  for (const std::size_t n : {7, 3'000}) {
    Digest digest = of(samples::draw(samples::Shape::uniform, n));
    const double median = digest.quantile(0.5);
    digest.merge(digest);
    EXPECT_EQ(digest.count(), 2 * n);
    EXPECT_NEAR(digest.quantile(0.5), median, 0.15);
  }
}

TEST(Digest, ACopyLivesOnItsOwn) {
  for (const std::size_t n : {7, 3'000}) {
    Digest digest = of(samples::draw(samples::Shape::uniform, n));
    const Digest copy = digest;
    const double median = digest.quantile(0.5);
    for (int i = 0; i < 5'000; ++i) digest.add(100);
    EXPECT_EQ(copy.count(), n);
    EXPECT_EQ(copy.quantile(0.5), median);
    EXPECT_EQ(digest.quantile(0.5), 100);
  }
}

TEST(Digest, KeepsCountAndEndsAndNeverFalls) {
  EXPECT_TRUE(rc::check([] {
    const auto first = *some_values(60);
    const auto second = *some_values(900);
    Digest digest = of(first);
    digest.merge(of(second));
    std::vector<double> all = first;
    all.insert(all.end(), second.begin(), second.end());
    RC_ASSERT(digest.count() == all.size());
    if (all.empty()) return;
    std::sort(all.begin(), all.end());
    RC_ASSERT(digest.min() == all.front());
    RC_ASSERT(digest.max() == all.back());
    double below = all.front();
    double rank_below = 0;
    for (int i = 0; i <= 100; ++i) {
      const double value = digest.quantile(i / 100.0);
      RC_ASSERT(value >= below);
      RC_ASSERT(digest.rank(value) >= rank_below);
      below = value;
      rank_below = digest.rank(value);
    }
    RC_ASSERT(below == all.back());
    const auto centroids = digest.centroids();
    RC_ASSERT(std::accumulate(centroids.begin(), centroids.end(), std::uint64_t{0},
                              [](std::uint64_t sum, const auto& one) { return sum + one.weight; }) == all.size());
    RC_ASSERT(std::is_sorted(centroids.begin(), centroids.end(),
                             [](const auto& a, const auto& b) { return a.mean < b.mean; }));
  }));
}

TEST(Digest, AnswersIdenticallyAfterItsBytes) {
  EXPECT_TRUE(rc::check([] {
    const auto values = *rc::gen::oneOf(some_values(40), some_values(900));
    const Digest digest = of(values, *rc::gen::element(100.0, 50.0));
    const std::string bytes = bytes_of(digest);
    const auto decoded = Digest::decode(bytes);
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(decoded->count() == digest.count());
    RC_ASSERT(decoded->exact() == digest.exact());
    RC_ASSERT(decoded->compression() == digest.compression());
    RC_ASSERT(decoded->centroids() == digest.centroids());
    RC_ASSERT(bytes_of(*decoded) == bytes);
    for (int i = 0; i <= 20; ++i) RC_ASSERT(decoded->quantile(i / 20.0) == digest.quantile(i / 20.0));
  }));
}

TEST(Digest, MergesBytesAsItMergesDigests) {
  EXPECT_TRUE(rc::check([] {
    Digest direct = of(*some_values(600));
    Digest through_bytes = direct;
    Digest other = of(*rc::gen::oneOf(some_values(30), some_values(600)));
    other.compress();  // as its bytes are: values still in the buffer would be merged one by one
    direct.merge(other);
    RC_ASSERT(Digest::merge_encoded(through_bytes, bytes_of(other)).has_value());
    RC_ASSERT(through_bytes.count() == direct.count());
    RC_ASSERT(through_bytes.min() == direct.min());
    RC_ASSERT(through_bytes.max() == direct.max());
    // Bytes are sorted: where a buffer fills up in between, other values go into the first fold.
    if (!other.exact() || direct.count() <= sort_block_size) RC_ASSERT(through_bytes.centroids() == direct.centroids());
  }));
}

TEST(DigestBytes, OfFewDecimalsAreFew) {
  EXPECT_LE(bytes_of(of({50.12, 50.31, 49.87, 50.02, 50.4, 50.77, 50.61, 50.23, 50.11, 49.95})).size(), 16U);
  EXPECT_LE(bytes_of(of({1e15, 3})).size(), 16U);
}

TEST(DigestBytes, KeepEveryBitOfAValue) {
  const double values[] = {-0.0,
                           0.1,
                           1.0 / 3,
                           std::numeric_limits<double>::max(),
                           std::numeric_limits<double>::denorm_min(),
                           1234567.89,
                           -7.5,
                           9007199254740993.0};
  for (const double value : values) {
    const auto decoded = Digest::decode(bytes_of(of({value})));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->min(), value);
    EXPECT_EQ(std::signbit(decoded->min()), std::signbit(value));
  }
}

std::string version_one(bool exact, double min, double max, const std::vector<std::pair<double, std::uint64_t>>& all) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.fixed(std::uint8_t{1});
  writer.fixed(static_cast<std::uint8_t>(exact ? 1 : 0));
  writer.fixed(100.0);
  writer.fixed(min);
  writer.fixed(max);
  writer.varint(all.size());
  for (const auto& [mean, weight] : all) {
    writer.fixed(mean);
    if (!exact) writer.varint(weight);
  }
  return bytes;
}

TEST(DigestBytes, OfTheFirstVersionAreRead) {
  const auto exact = Digest::decode(version_one(true, 1, 3, {{3, 1}, {1, 1}}));
  ASSERT_TRUE(exact.has_value());
  EXPECT_TRUE(exact->exact());
  EXPECT_EQ(exact->quantile(0.5), 2);
  const auto folded = Digest::decode(version_one(false, 1, 9, {{1, 1}, {4, 50}, {9, 1}}));
  ASSERT_TRUE(folded.has_value());
  EXPECT_EQ(folded->count(), 52U);
  EXPECT_EQ(folded->quantile(0.5), 4);
  EXPECT_FALSE(folded->exact());
}

TEST(DigestBytes, CutAnywhereAreRefused) {
  for (const Digest& digest : {of({1.5, 2.25}), of({1.0 / 3, 2.0 / 3}), of(samples::draw(samples::Shape::uniform, 100)),
                               of({1.5}, 200), Digest()}) {
    const std::string whole = bytes_of(digest);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_EQ(refusal(whole.substr(0, size)), ErrorCode::corrupt) << size << " of " << whole.size();
    }
    EXPECT_EQ(refusal(whole + '\0'), ErrorCode::corrupt);
  }
}

TEST(DigestBytes, ThatContradictThemselvesAreRefused) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(refusal(version_one(false, 1, 9, {})), ErrorCode::corrupt);
  EXPECT_EQ(refusal(version_one(false, 1, 9, {{4, 1}, {3, 1}})), ErrorCode::corrupt);
  EXPECT_EQ(refusal(version_one(false, 1, 9, {{0, 1}, {3, 1}})), ErrorCode::corrupt);
  EXPECT_EQ(refusal(version_one(false, 1, 9, {{4, 1}, {10, 1}})), ErrorCode::corrupt);
  EXPECT_EQ(refusal(version_one(false, 1, 9, {{4, 0}})), ErrorCode::corrupt);
  EXPECT_EQ(refusal(version_one(false, 1, 9, {{4, 1ULL << 53}, {5, 1}})), ErrorCode::corrupt);
  EXPECT_EQ(refusal(version_one(false, 1, 9, {{nan, 1}})), ErrorCode::corrupt);
  EXPECT_EQ(refusal(version_one(false, 1, infinity, {{4, 1}})), ErrorCode::corrupt);
  EXPECT_EQ(refusal(version_one(false, nan, 9, {{4, 1}})), ErrorCode::corrupt);
  EXPECT_EQ(refusal(version_one(true, 1, 9, {{infinity, 1}})), ErrorCode::corrupt);
  EXPECT_EQ(refusal(version_one(true, 0, 0, std::vector<std::pair<double, std::uint64_t>>(33, {1, 1}))),
            ErrorCode::corrupt);
  EXPECT_EQ(refusal(std::string("\x02\x08\x00", 3)), ErrorCode::corrupt);
  EXPECT_EQ(refusal(std::string("\x02\x03\x01\x07\x02", 5)), ErrorCode::corrupt);
  EXPECT_EQ(refusal(std::string("\x03\x01\x00", 3)), ErrorCode::unsupported_version);
}

TEST(DigestBytes, RefusedChangeNothing) {
  Digest digest = of({1, 2, 3});
  EXPECT_FALSE(Digest::merge_encoded(digest, version_one(false, 1, 9, {{4, 1}, {3, 1}})).has_value());
  EXPECT_EQ(digest.count(), 3U);
}

TEST(SortBlock, SortsAsTheLibraryDoes) {
  for (const samples::Shape shape : samples::shapes) {
    std::vector<double> values = samples::draw(shape, sort_block_size);
    for (std::size_t i = 0; i < values.size(); i += 3) values[i] = -values[i];
    std::vector<double> expected = values;
    sort_block(values.data());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(values, expected) << samples::name(shape);
  }
}

}  // namespace
}  // namespace millrace
