#include "store/rocks_store.hpp"

#include "store/rocks_database.hpp"
#include "store/scratch_store.hpp"
#include "store/store_suite.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace millrace {
namespace {

using namespace store_suite;

constexpr std::int64_t hour = 3'600'000;

std::unique_ptr<RocksStore> open(const ScratchFolder& folder, const RocksOptions& options = {}) {
  auto store = RocksStore::open(folder.path(), options);
  EXPECT_TRUE(store.has_value()) << (store ? "" : store.error().message);
  return store ? std::move(*store) : nullptr;
}

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

/// Names, sizes and times of all files below a folder.
std::vector<std::string> listing(const std::string& path) {
  std::vector<std::string> files;
  for (const auto& file : std::filesystem::recursive_directory_iterator(path)) {
    if (!file.is_regular_file()) continue;
    files.push_back(file.path().string() + " " + std::to_string(file.file_size()) + " " +
                    std::to_string(file.last_write_time().time_since_epoch().count()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

void expect_refused(const ScratchFolder& folder, const RocksOptions& options, ErrorCode code,
                    const std::string& names) {
  const auto before = listing(folder.path());
  const auto refused = RocksStore::open(folder.path(), options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, code);
  EXPECT_THAT(refused.error().message, testing::HasSubstr(names));
  EXPECT_EQ(listing(folder.path()), before);
}

/// How many pages of the metric lie in the span that starts at noon; the store must be closed.
std::size_t pages_at_noon(const ScratchFolder& folder, Level level) {
  const auto database = RocksDatabase::open(folder.path(), {});
  EXPECT_TRUE(database.has_value());
  const auto pages = (*database)->view()->directory({level, span_of(level, Millis{noon}), metric});
  EXPECT_TRUE(pages.has_value());
  return (*pages)->size();
}

TEST(RocksStore, RefusesDataOfOtherSettingsAndTouchesNothing) {
  const ScratchFolder folder;
  open(folder).reset();
  RocksOptions options;
  options.bucket = Duration{5'000};
  expect_refused(folder, options, ErrorCode::invalid_argument, "stream.bucket");
  options = {};
  options.compression = 200;
  expect_refused(folder, options, ErrorCode::invalid_argument, "stream.compression");
  options = {};
  options.partitions = 3;
  expect_refused(folder, options, ErrorCode::invalid_argument, "partitions");
}

TEST(RocksStore, RemembersAddedPartitions) {
  const ScratchFolder folder;
  open(folder).reset();
  RocksOptions more;
  more.partitions = 8;
  open(folder, more).reset();
  expect_refused(folder, {}, ErrorCode::invalid_argument, "8 partitions");
}

TEST(RocksStore, RefusesANewerFormatAndTouchesNothing) {
  const ScratchFolder folder;
  open(folder).reset();
  std::ofstream(folder.path() + "/STORE") << "millrace-store 2\nanything else\n";
  expect_refused(folder, {}, ErrorCode::unsupported_version, "format 2");
}

TEST(RocksStore, RefusesAFolderWhoseFormatIsUnreadable) {
  const ScratchFolder folder;
  open(folder).reset();
  std::ofstream(folder.path() + "/STORE") << "garbage";
  expect_refused(folder, {}, ErrorCode::corrupt, "STORE");
  std::filesystem::remove(folder.path() + "/STORE");
  expect_refused(folder, {}, ErrorCode::corrupt, "no file STORE");
}

TEST(RocksStore, IsOpenInOneProcessOnly) {
  const ScratchFolder folder;
  const auto store = open(folder);
  const auto second = RocksStore::open(folder.path(), {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
}

TEST(RocksStore, SaysNothingOfWhereItLies) {
  const ScratchFolder folder;
  std::ofstream(folder.path()) << "a file where the folder should be";
  const auto refused = RocksStore::open(folder.path(), {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, testing::Not(testing::HasSubstr(folder.path())));
}

TEST(RocksStore, RefusesRowsOfASeriesThatNobodyDefined) {
  const ScratchFolder folder;
  const auto store = open(folder);
  Owner owner(*store, PartitionId{0});
  Commit commit = owner.next();
  commit.rows = {row_of(PartitionId{0}, 77, noon, {1})};
  const auto refused = owner.send(commit);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(store->state(PartitionId{0})->next, Offset{0});
}

TEST(RocksStore, RefusesARowOffItsLevelsGrid) {
  const ScratchFolder folder;
  const auto store = open(folder);
  Owner owner(*store, PartitionId{0});
  const auto refused = owner.rows({row_of(PartitionId{0}, 1, noon + 1, {1})});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
}

TEST(RocksStore, MergesTheRunsOfAClosedHourIntoOnePage) {
  const ScratchFolder folder;
  auto store = open(folder);
  Owner owner(*store, PartitionId{0});
  for (std::int64_t minute = 0; minute < 60; ++minute) {
    ASSERT_TRUE(owner.rows({row_of(PartitionId{0}, 1, noon + (minute * 60'000), {1}),
                            row_of(PartitionId{0}, 9, noon + (minute * 60'000), {2})}));
  }
  const auto before = read(*store, Level::ten_seconds, {SeriesId{1}, SeriesId{9}}, noon, noon + hour);
  EXPECT_EQ(store->status().pages, 60U);
  maintain_all(*store, noon + hour, noon + hour);
  EXPECT_EQ(read(*store, Level::ten_seconds, {SeriesId{1}, SeriesId{9}}, noon, noon + hour), before);
  store.reset();
  EXPECT_EQ(pages_at_noon(folder, Level::ten_seconds), 1U);
  store = open(folder);
  EXPECT_EQ(read(*store, Level::ten_seconds, {SeriesId{1}, SeriesId{9}}, noon, noon + hour), before);
}

TEST(RocksStore, MergesAfterAReopenWhatWasLeftUnmerged) {
  const ScratchFolder folder;
  auto store = open(folder);
  {
    Owner owner(*store, PartitionId{0});
    for (std::int64_t i = 0; i < 6; ++i) ASSERT_TRUE(owner.points({{SeriesId{1}, Millis{noon + i}, 1.0}}));
  }
  store.reset();
  store = open(folder);
  maintain_all(*store, noon + hour, noon + hour);
  store.reset();
  EXPECT_EQ(pages_at_noon(folder, Level::raw), 1U);
  store = open(folder);
  EXPECT_EQ(read_raw(*store, {SeriesId{1}}, noon, noon + hour).size(), 6U);
}

TEST(RocksStore, ReadsASeriesThatGoesOnOverManyPages) {
  const ScratchFolder folder;
  const auto store = open(folder);
  Owner owner(*store, PartitionId{0});
  std::vector<RawPoint> points;
  std::uint64_t seed = 1;
  for (int i = 0; i < 30'000; ++i) {
    seed = (seed * 6364136223846793005ULL) + 1442695040888963407ULL;
    points.push_back({SeriesId{1}, Millis{noon + (i * 100)}, std::bit_cast<double>((seed >> 2) | (1ULL << 60))});
  }
  ASSERT_TRUE(owner.points(points));
  EXPECT_GT(store->status().pages, 3U);
  EXPECT_EQ(read_raw(*store, {SeriesId{1}}, noon, noon + hour), points);
  EXPECT_EQ(read_raw(*store, {SeriesId{1}}, noon + 2'000'000, noon + 2'000'100).size(), 1U);
}

TEST(RocksStore, KeepsMoreThanADayOfDataUntilSomebodySaysSo) {
  const ScratchFolder folder;
  const auto store = open(folder);
  Owner owner(*store, PartitionId{0});
  Retention retention;
  retention.ten_seconds = Duration{day};
  std::vector<std::shared_ptr<const Row>> rows;
  for (std::int64_t h = 0; h < 26; ++h) rows.push_back(row_of(PartitionId{0}, 1, noon + (h * hour), {1}));
  ASSERT_TRUE(owner.rows(rows));
  maintain_all(*store, noon + (10 * day), noon, retention);
  EXPECT_TRUE(store->status().retention_waits);
  EXPECT_EQ(read(*store, Level::ten_seconds, {SeriesId{1}}, noon, noon + (2 * day)).size(), 26U);
  store->confirm_retention();
  maintain_all(*store, noon + (10 * day), noon, retention);
  EXPECT_FALSE(store->status().retention_waits);
  EXPECT_TRUE(read(*store, Level::ten_seconds, {SeriesId{1}}, noon, noon + (2 * day)).empty());
}

TEST(RocksStore, DropsADayWithoutAsking) {
  const ScratchFolder folder;
  const auto store = open(folder);
  Owner owner(*store, PartitionId{0});
  Retention retention;
  retention.ten_seconds = Duration{day};
  std::vector<std::shared_ptr<const Row>> rows;
  for (std::int64_t h = 0; h < 24; ++h) rows.push_back(row_of(PartitionId{0}, 1, noon + (h * hour), {1}));
  ASSERT_TRUE(owner.rows(rows));
  maintain_all(*store, noon + (2 * day), noon, retention);
  EXPECT_FALSE(store->status().retention_waits);
  EXPECT_TRUE(read(*store, Level::ten_seconds, {SeriesId{1}}, noon, noon + (2 * day)).empty());
}

TEST(RocksStore, DropsNothingBeforeAnEventHasArrived) {
  const ScratchFolder folder;
  const auto store = open(folder);
  Owner owner(*store, PartitionId{0});
  ASSERT_TRUE(owner.rows({row_of(PartitionId{0}, 1, noon, {1})}));
  maintain_all(*store, Millis::never().value, Millis::never().value);
  EXPECT_EQ(read(*store, Level::ten_seconds, {SeriesId{1}}, noon, noon + day).size(), 1U);
}

TEST(RocksStore, WaitsWithAnHourForAPartitionThatHasNotCommittedItsEnd) {
  const ScratchFolder folder;
  const auto store = open(folder);
  Owner zero(*store, PartitionId{0});
  Owner one(*store, PartitionId{1});
  ASSERT_TRUE(zero.minutes({row_of(PartitionId{0}, 1, noon, {1})}, noon + hour));
  ASSERT_TRUE(one.minutes({row_of(PartitionId{1}, 1, noon, {1})}, noon + hour - 1));
  maintain_all(*store, noon + hour, noon + (2 * hour));
  EXPECT_FALSE(*store->hours_derived(Millis{noon}, Millis{noon + hour}));
  EXPECT_EQ(read(*store, Level::hour, {SeriesId{1}}, noon, noon + hour).size(), 1U);
  ASSERT_TRUE(one.minutes({row_of(PartitionId{1}, 1, noon + 60'000, {1, 2})}, noon + hour));
  maintain_all(*store, noon + hour, noon + (2 * hour));
  EXPECT_TRUE(*store->hours_derived(Millis{noon}, Millis{noon + hour}));
  const auto rows = read(*store, Level::hour, {SeriesId{1}}, noon, noon + hour);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].count, 3U);
}

TEST(RocksStore, NamesItsFormatInAReadableFile) {
  const ScratchFolder folder;
  open(folder).reset();
  EXPECT_EQ(text_of(folder.path() + "/STORE"), "millrace-store 1\nbucket_ms 10000\ncompression 100\npartitions 4\n");
}

}  // namespace
}  // namespace millrace
