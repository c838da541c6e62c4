#pragma once

#include "store/documents.hpp"
#include "store/store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

/// The contract of Store and Documents as tests. An implementation passes it by a traits class with
///   `std::unique_ptr<Traits::Opened> fresh()` - an empty store, and
///   `void reopen(std::unique_ptr<Opened>&)` - closes it and opens the same data again,
/// where Opened has `Store& store()` and `Documents& documents()`; then INSTANTIATE_TYPED_TEST_SUITE_P(Name,
/// StoreContract, Traits) and the same for DocumentsContract.
namespace millrace::store_suite {

inline constexpr std::int64_t day = 24 * 3'600'000;
/// A whole day, so that every span of every level begins there.
inline constexpr std::int64_t noon = 20'000 * day;
inline constexpr MetricId metric{7};

/// A definition of series `id`, of `metric` unless another is named.
inline SeriesDefinition define(std::uint32_t id, MetricId of = metric) {
  return {SeriesId{id}, of, {"metric-" + std::to_string(of.value), "source-" + std::to_string(id), {{"zone", "a"}}}};
}

/// A row of the values, one each second from the bucket's start.
inline std::shared_ptr<const Row> row_of(PartitionId partition, std::uint32_t series, std::int64_t bucket,
                                         const std::vector<double>& values) {
  Row row{partition, SeriesId{series}, Millis{bucket}, Rollup(Digest::default_compression)};
  for (std::size_t i = 0; i < values.size(); ++i) {
    row.rollup.add(values[i], Millis{bucket + static_cast<std::int64_t>(i * 1000)});
  }
  return std::make_shared<const Row>(std::move(row));
}

/// A row that was read, to compare.
struct Seen {
  PartitionId partition;
  SeriesId series;
  std::int64_t bucket;
  std::uint64_t count;
  double sum;
  double compensation;
  double min;
  double max;
  double first;
  double last;
  std::int64_t first_time;
  std::int64_t last_time;

  friend bool operator==(const Seen&, const Seen&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Seen& seen) {
    return out << "partition " << seen.partition.value << " series " << seen.series.value << " bucket " << seen.bucket
               << " count " << seen.count << " sum " << seen.sum;
  }
};

inline Seen seen(const Row& row) {
  const Rollup& r = row.rollup;
  return {row.partition, row.series, row.bucket.value,   r.count,          r.sum, r.compensation, r.min, r.max,
          r.first,       r.last,     r.first_time.value, r.last_time.value};
}

inline Seen seen(const RowView& r) {
  return {r.partition, r.series, r.bucket.value,     r.count,          r.sum, r.compensation, r.min, r.max,
          r.first,     r.last,   r.first_time.value, r.last_time.value};
}

/// Reads rows of `series` in [from, to); a failed read fails the test.
inline std::vector<Seen> read(Store& store, Level level, const std::vector<SeriesId>& series, std::int64_t from,
                              std::int64_t to, std::optional<PartitionId> partition = std::nullopt,
                              MetricId of = metric) {
  std::vector<Seen> rows;
  const auto done = store.read({level, of, series, Millis{from}, Millis{to}, false, partition},
                               [&](const RowView& row) { rows.push_back(seen(row)); });
  EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().message);
  return rows;
}

inline std::vector<RawPoint> read_raw(Store& store, const std::vector<SeriesId>& series, std::int64_t from,
                                      std::int64_t to, MetricId of = metric) {
  std::vector<RawPoint> points;
  const auto done = store.read_raw({of, series, Millis{from}, Millis{to}},
                                   [&](PartitionId, const RawPoint& point) { points.push_back(point); });
  EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().message);
  return points;
}

/// Commits of one owner of a partition, one after another.
class Owner {
 public:
  Owner(Store& store, PartitionId partition) : store_(&store), partition_(partition) {
    auto state = store.claim(partition);
    EXPECT_TRUE(state.has_value()) << (state ? "" : state.error().message);
    if (state) state_ = *state;
  }

  /// A commit that moves on by one offset; fill it and hand it to send().
  [[nodiscard]] Commit next() const {
    Commit commit;
    commit.partition = partition_;
    commit.epoch = state_.epoch;
    commit.expected = state_.next;
    commit.after = state_;
    commit.after.next = Offset{state_.next.value + 1};
    return commit;
  }
  Result<void> send(const Commit& commit) {
    auto done = store_->commit(commit);
    if (done) state_ = commit.after;
    return done;
  }
  /// Commits the rows (10 s), defining their series.
  Result<void> rows(std::vector<std::shared_ptr<const Row>> rows) {
    Commit commit = next();
    for (const auto& row : rows) commit.definitions.push_back(define(row->series.value));
    commit.rows = std::move(rows);
    return send(commit);
  }
  /// Commits the rows (1 m), with a watermark.
  Result<void> minutes(std::vector<std::shared_ptr<const Row>> rows, std::int64_t watermark) {
    Commit commit = next();
    for (const auto& row : rows) commit.definitions.push_back(define(row->series.value));
    commit.minutes = std::move(rows);
    commit.after.watermark = Millis{watermark};
    return send(commit);
  }
  Result<void> points(std::vector<RawPoint> points) {
    Commit commit = next();
    for (const auto& point : points) commit.definitions.push_back(define(point.series.value));
    commit.raw = std::move(points);
    return send(commit);
  }
  [[nodiscard]] const PartitionState& state() const { return state_; }

 private:
  Store* store_;
  PartitionId partition_;
  PartitionState state_;
};

/// Does all the background work there is.
inline void maintain_all(Store& store, std::int64_t now, std::int64_t final_until, const Retention& retention = {}) {
  for (int slices = 0; slices < 10'000; ++slices) {
    const auto more = store.maintain(Millis{now}, Millis{final_until}, retention);
    ASSERT_TRUE(more.has_value()) << more.error().message;
    if (!*more) return;
  }
  FAIL() << "maintenance never ends";
}

template <class Traits>
class StoreContract : public testing::Test {
 protected:
  void SetUp() override { opened_ = traits_.fresh(); }
  Store& store() { return opened_->store(); }
  void reopen() { traits_.reopen(opened_); }

  Traits traits_;
  std::unique_ptr<typename Traits::Opened> opened_;
};

TYPED_TEST_SUITE_P(StoreContract);

TYPED_TEST_P(StoreContract, ReadsBackWhatWasCommitted) {
  const auto row = row_of(PartitionId{1}, 3, noon, {1.25, -4.5, 0.1, 1e300, 5e-324});
  Owner owner(this->store(), PartitionId{1});
  ASSERT_TRUE(owner.rows({row}));
  EXPECT_EQ(read(this->store(), Level::ten_seconds, {SeriesId{3}}, noon, noon + 10'000), std::vector{seen(*row)});
  this->reopen();
  EXPECT_EQ(read(this->store(), Level::ten_seconds, {SeriesId{3}}, noon, noon + 10'000), std::vector{seen(*row)});
}

TYPED_TEST_P(StoreContract, GivesDigestsOnlyWhenAsked) {
  std::vector<double> many;
  for (int i = 0; i < 500; ++i) many.push_back(i * 0.5);
  const auto few = row_of(PartitionId{0}, 1, noon, {3, 1, 2});
  const auto large = row_of(PartitionId{0}, 2, noon, many);
  Owner owner(this->store(), PartitionId{0});
  ASSERT_TRUE(owner.rows({few, large}));
  const std::vector<SeriesId> both{SeriesId{1}, SeriesId{2}};
  RowRequest request{Level::ten_seconds, metric, both, Millis{noon}, Millis{noon + 10'000}, false, {}};
  ASSERT_TRUE(this->store().read(request, [](const RowView& row) { EXPECT_TRUE(row.digest.empty()); }));
  request.digests = true;
  std::vector<Row> rows;
  ASSERT_TRUE(this->store().read(request, [&](const RowView& view) {
    auto row = view.materialize();
    ASSERT_TRUE(row.has_value());
    rows.push_back(std::move(*row));
  }));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].rollup.digest.centroids(), few->rollup.digest.centroids());
  EXPECT_EQ(rows[1].rollup.digest.centroids(), large->rollup.digest.centroids());
  EXPECT_EQ(rows[1].rollup.digest.count(), 500U);
}

TYPED_TEST_P(StoreContract, KeepsTheNewestOfARow) {
  Owner owner(this->store(), PartitionId{0});
  ASSERT_TRUE(owner.rows({row_of(PartitionId{0}, 1, noon, {1}), row_of(PartitionId{0}, 1, noon + 10'000, {5})}));
  const auto newer = row_of(PartitionId{0}, 1, noon, {1, 2});
  ASSERT_TRUE(owner.rows({newer}));
  const auto rows = read(this->store(), Level::ten_seconds, {SeriesId{1}}, noon, noon + 20'000);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0], seen(*newer));
  EXPECT_EQ(rows[1].count, 1U);
}

TYPED_TEST_P(StoreContract, KeepsALateRewriteThroughMaintenance) {
  Owner owner(this->store(), PartitionId{0});
  for (std::int64_t minute = 0; minute < 20; ++minute) {
    ASSERT_TRUE(owner.rows({row_of(PartitionId{0}, 1, noon + (minute * 60'000), {1})}));
  }
  maintain_all(this->store(), noon, noon + 600'000);
  const auto late = row_of(PartitionId{0}, 1, noon + 60'000, {1, 9});
  ASSERT_TRUE(owner.rows({late}));
  maintain_all(this->store(), noon + day, noon + day);
  const auto rows = read(this->store(), Level::ten_seconds, {SeriesId{1}}, noon, noon + day);
  ASSERT_EQ(rows.size(), 20U);
  EXPECT_EQ(rows[1], seen(*late));
}

TYPED_TEST_P(StoreContract, RefusesTheCommitOfAnOwnerThatWasReplaced) {
  Owner first(this->store(), PartitionId{2});
  ASSERT_TRUE(first.rows({row_of(PartitionId{2}, 1, noon, {1})}));
  Owner second(this->store(), PartitionId{2});
  EXPECT_EQ(second.state().next, Offset{1});
  EXPECT_GT(second.state().epoch, first.state().epoch);
  const auto refused = first.rows({row_of(PartitionId{2}, 1, noon, {1, 2, 3})});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::fenced);
  EXPECT_EQ(read(this->store(), Level::ten_seconds, {SeriesId{1}}, noon, noon + 10'000)[0].count, 1U);
  EXPECT_TRUE(second.rows({row_of(PartitionId{2}, 1, noon, {1, 2})}));
}

TYPED_TEST_P(StoreContract, RefusesACommitThatExpectsAnotherOffset) {
  Owner owner(this->store(), PartitionId{0});
  Commit commit = owner.next();
  ASSERT_TRUE(this->store().commit(commit));
  const auto again = this->store().commit(commit);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::fenced);
  commit.expected = Offset{99};
  const auto ahead = this->store().commit(commit);
  ASSERT_FALSE(ahead.has_value());
  EXPECT_EQ(ahead.error().code, ErrorCode::fenced);
}

TYPED_TEST_P(StoreContract, RefusesACommitWithoutAClaim) {
  Commit commit;
  commit.epoch = commit.after.epoch = Epoch{1};
  commit.after.next = Offset{5};
  const auto refused = this->store().commit(commit);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::fenced);
}

TYPED_TEST_P(StoreContract, KeepsTheStateOfEachPartitionAcrossAReopen) {
  Owner owner(this->store(), PartitionId{3});
  Commit commit = owner.next();
  commit.after.next = Offset{1ULL << 40};
  commit.after.watermark = Millis{noon};
  commit.after.newest_event = Millis{noon + 5};
  commit.after.newest_arrival = Millis{noon + 7};
  commit.after.producers = std::string("a\0b", 3);
  ASSERT_TRUE(owner.send(commit));
  this->reopen();
  const auto state = this->store().state(PartitionId{3});
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->epoch, commit.epoch);
  EXPECT_EQ(state->next, Offset{1ULL << 40});
  EXPECT_EQ(state->watermark, Millis{noon});
  EXPECT_EQ(state->newest_event, Millis{noon + 5});
  EXPECT_EQ(state->newest_arrival, Millis{noon + 7});
  EXPECT_EQ(state->producers, commit.after.producers);
  const auto other = this->store().state(PartitionId{0});
  ASSERT_TRUE(other.has_value());
  EXPECT_EQ(other->next, Offset{0});
  EXPECT_EQ(other->watermark, Millis::never());
}

TYPED_TEST_P(StoreContract, LeavesNothingOfACommitThatFailed) {
  Owner first(this->store(), PartitionId{0});
  Owner second(this->store(), PartitionId{0});
  Commit commit = first.next();
  commit.rows = {row_of(PartitionId{0}, 1, noon, {1})};
  commit.minutes = {row_of(PartitionId{0}, 1, noon, {1})};
  commit.raw = {{SeriesId{1}, Millis{noon}, 1}};
  commit.definitions = {define(1)};
  ASSERT_FALSE(first.send(commit).has_value());
  EXPECT_TRUE(read(this->store(), Level::ten_seconds, {SeriesId{1}}, noon, noon + 10'000).empty());
  EXPECT_TRUE(read(this->store(), Level::minute, {SeriesId{1}}, noon, noon + 60'000).empty());
  EXPECT_TRUE(read_raw(this->store(), {SeriesId{1}}, noon, noon + 10'000).empty());
  int definitions = 0;
  ASSERT_TRUE(this->store().definitions([&](const SeriesDefinition&) { ++definitions; }));
  EXPECT_EQ(definitions, 0);
  EXPECT_EQ(this->store().state(PartitionId{0})->next, Offset{0});
}

TYPED_TEST_P(StoreContract, ReadsFromInclusiveToExclusive) {
  Owner owner(this->store(), PartitionId{0});
  std::vector<std::shared_ptr<const Row>> rows;
  for (int i = 0; i < 6; ++i) rows.push_back(row_of(PartitionId{0}, 1, noon + (i * 10'000), {1.0 * i}));
  ASSERT_TRUE(owner.rows(rows));
  const auto found = read(this->store(), Level::ten_seconds, {SeriesId{1}}, noon + 10'000, noon + 30'000);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].bucket, noon + 10'000);
  EXPECT_EQ(found[1].bucket, noon + 20'000);
  EXPECT_EQ(read(this->store(), Level::ten_seconds, {SeriesId{1}}, noon + 1, noon + 10'000).size(), 0U);
  EXPECT_EQ(read(this->store(), Level::ten_seconds, {SeriesId{1}}, noon + 20'000, noon).size(), 0U);
  EXPECT_EQ(read(this->store(), Level::ten_seconds, {SeriesId{1}}, Millis::never().value,
                 std::numeric_limits<std::int64_t>::max())
                .size(),
            6U);
}

TYPED_TEST_P(StoreContract, ReadsAscendingBySeriesThenBucketOverHours) {
  Owner owner(this->store(), PartitionId{0});
  std::vector<std::shared_ptr<const Row>> rows;
  for (const std::uint32_t series : {40'000U, 5U, 1U, 16'384U}) {
    for (const std::int64_t hour : {2, 0, 1}) {
      rows.push_back(row_of(PartitionId{0}, series, noon + (hour * 3'600'000), {1.0 * series}));
    }
  }
  ASSERT_TRUE(owner.rows(rows));
  const auto found =
      read(this->store(), Level::ten_seconds,
           {SeriesId{1}, SeriesId{2}, SeriesId{5}, SeriesId{16'384}, SeriesId{40'000}}, noon, noon + day);
  ASSERT_EQ(found.size(), 12U);
  for (std::size_t i = 1; i < found.size(); ++i) {
    EXPECT_TRUE(found[i - 1].series < found[i].series ||
                (found[i - 1].series == found[i].series && found[i - 1].bucket < found[i].bucket));
  }
}

TYPED_TEST_P(StoreContract, KeepsTheRowsOfPartitionsApart) {
  Owner zero(this->store(), PartitionId{0});
  Owner one(this->store(), PartitionId{1});
  ASSERT_TRUE(zero.rows({row_of(PartitionId{0}, 1, noon, {1})}));
  ASSERT_TRUE(one.rows({row_of(PartitionId{1}, 1, noon, {1, 2})}));
  const auto all = read(this->store(), Level::ten_seconds, {SeriesId{1}}, noon, noon + 10'000);
  ASSERT_EQ(all.size(), 2U);
  const auto of_one = read(this->store(), Level::ten_seconds, {SeriesId{1}}, noon, noon + 10'000, PartitionId{1});
  ASSERT_EQ(of_one.size(), 1U);
  EXPECT_EQ(of_one[0].partition, PartitionId{1});
  EXPECT_EQ(of_one[0].count, 2U);
}

TYPED_TEST_P(StoreContract, ReadsTheSeriesThatWereAskedForAlone) {
  Owner owner(this->store(), PartitionId{0});
  std::vector<std::shared_ptr<const Row>> rows;
  for (std::uint32_t series = 0; series < 100; ++series) rows.push_back(row_of(PartitionId{0}, series, noon, {1}));
  ASSERT_TRUE(owner.rows(rows));
  const auto found =
      read(this->store(), Level::ten_seconds, {SeriesId{17}, SeriesId{63}, SeriesId{500}}, noon, noon + 1);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].series, SeriesId{17});
  EXPECT_EQ(found[1].series, SeriesId{63});
}

TYPED_TEST_P(StoreContract, GivesRawPointsOfEqualTimesAsAccepted) {
  Owner owner(this->store(), PartitionId{0});
  const SeriesId series{1};
  ASSERT_TRUE(owner.points({{series, Millis{noon}, 1}, {series, Millis{noon}, 2}, {series, Millis{noon + 5}, 3}}));
  ASSERT_TRUE(owner.points({{series, Millis{noon}, 4}, {series, Millis{noon + 5}, 5}, {series, Millis{noon + 9}, 6}}));
  const std::vector<RawPoint> expected{{series, Millis{noon}, 1},     {series, Millis{noon}, 2},
                                       {series, Millis{noon}, 4},     {series, Millis{noon + 5}, 3},
                                       {series, Millis{noon + 5}, 5}, {series, Millis{noon + 9}, 6}};
  EXPECT_EQ(read_raw(this->store(), {series}, noon, noon + 10), expected);
  maintain_all(this->store(), noon + day, noon + day);
  EXPECT_EQ(read_raw(this->store(), {series}, noon, noon + 10), expected);
  EXPECT_EQ(read_raw(this->store(), {series}, noon + 5, noon + 9).size(), 2U);
}

TYPED_TEST_P(StoreContract, GivesDefinitionsAscendingAndEachOnce) {
  Owner owner(this->store(), PartitionId{0});
  Commit commit = owner.next();
  commit.definitions = {define(9), define(2), define(300)};
  ASSERT_TRUE(owner.send(commit));
  commit = owner.next();
  commit.definitions = {define(2), define(4)};
  ASSERT_TRUE(owner.send(commit));
  this->reopen();
  std::vector<SeriesDefinition> found;
  ASSERT_TRUE(this->store().definitions([&](const SeriesDefinition& d) { found.push_back(d); }));
  EXPECT_EQ(found, (std::vector{define(2), define(4), define(9), define(300)}));
}

TYPED_TEST_P(StoreContract, DerivesHoursFromMinutesOnceTheyAreFinal) {
  const std::int64_t hour = 3'600'000;
  Owner owner(this->store(), PartitionId{0});
  Row whole{PartitionId{0}, SeriesId{1}, Millis{noon}, Rollup(Digest::default_compression)};
  std::vector<std::shared_ptr<const Row>> minutes;
  for (std::int64_t minute = 0; minute < 60; ++minute) {
    minutes.push_back(row_of(PartitionId{0}, 1, noon + (minute * 60'000), {0.1 * static_cast<double>(minute), 7}));
    whole.rollup.merge(minutes.back()->rollup);
  }
  minutes.push_back(row_of(PartitionId{0}, 1, noon + hour, {1}));
  ASSERT_TRUE(owner.minutes(minutes, noon + hour + 60'000));
  EXPECT_FALSE(*this->store().hours_derived(Millis{noon}, Millis{noon + hour}));
  maintain_all(this->store(), noon + hour, noon + hour - 1);
  EXPECT_FALSE(*this->store().hours_derived(Millis{noon}, Millis{noon + hour}));
  maintain_all(this->store(), noon + hour, noon + hour);
  EXPECT_TRUE(*this->store().hours_derived(Millis{noon}, Millis{noon + hour}));
  EXPECT_FALSE(*this->store().hours_derived(Millis{noon}, Millis{noon + (2 * hour)}));
  EXPECT_EQ(read(this->store(), Level::hour, {SeriesId{1}}, noon, noon + (2 * hour)), std::vector{seen(whole)});
}

TYPED_TEST_P(StoreContract, DerivesAnHourAgainAfterALateRow) {
  const std::int64_t hour = 3'600'000;
  Owner owner(this->store(), PartitionId{0});
  ASSERT_TRUE(owner.minutes({row_of(PartitionId{0}, 1, noon, {1}), row_of(PartitionId{0}, 2, noon, {1})}, noon + hour));
  maintain_all(this->store(), noon + hour, noon + hour);
  ASSERT_TRUE(owner.minutes({row_of(PartitionId{0}, 1, noon, {1, 2})}, noon + hour));
  EXPECT_FALSE(*this->store().hours_derived(Millis{noon}, Millis{noon + hour}));
  this->reopen();
  EXPECT_FALSE(*this->store().hours_derived(Millis{noon}, Millis{noon + hour}));
  maintain_all(this->store(), noon + hour, noon + hour);
  EXPECT_TRUE(*this->store().hours_derived(Millis{noon}, Millis{noon + hour}));
  const auto rows = read(this->store(), Level::hour, {SeriesId{1}, SeriesId{2}}, noon, noon + hour);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].count, 2U);
  EXPECT_EQ(rows[1].count, 1U);
}

TYPED_TEST_P(StoreContract, DropsWhatIsOlderThanItsLimitAndNothingYounger) {
  Owner owner(this->store(), PartitionId{0});
  Retention retention;
  retention.ten_seconds = Duration{day};
  retention.raw = Duration{2 * day};
  Commit commit = owner.next();
  commit.definitions = {define(1)};
  for (const std::int64_t hour : {0, 1, 2, 3}) {
    const std::int64_t at = noon + (hour * 3'600'000);
    commit.rows.push_back(row_of(PartitionId{0}, 1, at, {1}));
    commit.minutes.push_back(row_of(PartitionId{0}, 1, at, {1}));
    commit.raw.push_back({SeriesId{1}, Millis{at}, 1});
  }
  ASSERT_TRUE(owner.send(commit));
  const std::int64_t two_hours = 2 * 3'600'000;
  maintain_all(this->store(), noon + day + two_hours, noon, retention);
  const auto rows = read(this->store(), Level::ten_seconds, {SeriesId{1}}, noon, noon + day);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].bucket, noon + two_hours);
  EXPECT_EQ(read(this->store(), Level::minute, {SeriesId{1}}, noon, noon + day).size(), 4U);
  EXPECT_EQ(read_raw(this->store(), {SeriesId{1}}, noon, noon + day).size(), 4U);
}

TYPED_TEST_P(StoreContract, CountsItsCommits) {
  Owner owner(this->store(), PartitionId{0});
  const std::uint64_t before = this->store().status().commits;
  ASSERT_TRUE(owner.rows({row_of(PartitionId{0}, 1, noon, {1})}));
  EXPECT_EQ(this->store().status().commits, before + 1);
}

REGISTER_TYPED_TEST_SUITE_P(StoreContract, ReadsBackWhatWasCommitted, GivesDigestsOnlyWhenAsked, KeepsTheNewestOfARow,
                            KeepsALateRewriteThroughMaintenance, RefusesTheCommitOfAnOwnerThatWasReplaced,
                            RefusesACommitThatExpectsAnotherOffset, RefusesACommitWithoutAClaim,
                            KeepsTheStateOfEachPartitionAcrossAReopen, LeavesNothingOfACommitThatFailed,
                            ReadsFromInclusiveToExclusive, ReadsAscendingBySeriesThenBucketOverHours,
                            KeepsTheRowsOfPartitionsApart, ReadsTheSeriesThatWereAskedForAlone,
                            GivesRawPointsOfEqualTimesAsAccepted, GivesDefinitionsAscendingAndEachOnce,
                            DerivesHoursFromMinutesOnceTheyAreFinal, DerivesAnHourAgainAfterALateRow,
                            DropsWhatIsOlderThanItsLimitAndNothingYounger, CountsItsCommits);

template <class Traits>
class DocumentsContract : public testing::Test {
 protected:
  void SetUp() override { opened_ = traits_.fresh(); }
  Documents& documents() { return opened_->documents(); }
  void reopen() { traits_.reopen(opened_); }

  Traits traits_;
  std::unique_ptr<typename Traits::Opened> opened_;
};

TYPED_TEST_SUITE_P(DocumentsContract);

TYPED_TEST_P(DocumentsContract, RaisesTheRevisionAtEveryChange) {
  EXPECT_EQ(this->documents().put("metric", "cpu", "{\"a\":1}", 0)->revision, 1U);
  EXPECT_EQ(this->documents().put("metric", "cpu", "{\"a\":2}", 1)->revision, 2U);
  EXPECT_EQ(this->documents().put("metric", "cpu", "{\"a\":3}", std::nullopt)->revision, 3U);
  this->reopen();
  EXPECT_EQ(*this->documents().get("metric", "cpu"), (Document{"cpu", 3, "{\"a\":3}"}));
}

TYPED_TEST_P(DocumentsContract, RefusesAWriteThatLostTheRace) {
  ASSERT_TRUE(this->documents().put("dashboard", "d", "{}", 0));
  const auto again = this->documents().put("dashboard", "d", "{}", 0);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
  const auto stale = this->documents().remove("dashboard", "d", 7);
  ASSERT_FALSE(stale.has_value());
  EXPECT_EQ(stale.error().code, ErrorCode::conflict);
  const auto absent = this->documents().put("dashboard", "e", "{}", 3);
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(absent.error().code, ErrorCode::conflict);
}

TYPED_TEST_P(DocumentsContract, SaysWhatIsNotThere) {
  EXPECT_EQ(this->documents().get("token", "x").error().code, ErrorCode::not_found);
  EXPECT_EQ(this->documents().remove("token", "x", std::nullopt).error().code, ErrorCode::not_found);
  ASSERT_TRUE(this->documents().put("token", "x", "{}", 0));
  ASSERT_TRUE(this->documents().remove("token", "x", 1));
  EXPECT_EQ(this->documents().get("token", "x").error().code, ErrorCode::not_found);
}

TYPED_TEST_P(DocumentsContract, ListsAKindSortedById) {
  for (const char* id : {"b", "a", "c", "ab", "ü/\"x\""}) ASSERT_TRUE(this->documents().put("kind", id, "1", 0));
  ASSERT_TRUE(this->documents().put("kin", "d", "1", 0));
  ASSERT_TRUE(this->documents().put("kinds", "e", "1", 0));
  const auto list = this->documents().list("kind");
  ASSERT_TRUE(list.has_value());
  std::vector<std::string> ids;
  for (const Document& document : *list) ids.push_back(document.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"a", "ab", "b", "c", "ü/\"x\""}));
  EXPECT_TRUE(this->documents().list("other")->empty());
}

REGISTER_TYPED_TEST_SUITE_P(DocumentsContract, RaisesTheRevisionAtEveryChange, RefusesAWriteThatLostTheRace,
                            SaysWhatIsNotThere, ListsAKindSortedById);

}  // namespace millrace::store_suite
