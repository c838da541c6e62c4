#pragma once

#include "bus/bus.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace millrace {

/// What every Bus must pass. `Door` makes one: `Bus& bus()`, and `void settle()`, which returns when everything that
/// was published before has been delivered.
template <class Door>
class BusSuite : public ::testing::Test {
 protected:
  Bus& bus() { return door_.bus(); }
  void settle() { door_.settle(); }

  static Update update(const Topic& topic, std::int64_t bucket, double value, std::uint16_t partition = 0) {
    auto rollup = std::make_shared<Rollup>();
    rollup->count = 1;
    rollup->sum = rollup->min = rollup->max = rollup->first = rollup->last = value;
    rollup->first_time = rollup->last_time = Millis{bucket};
    Update out;
    out.topic = std::make_shared<const Topic>(topic);
    out.partition = PartitionId{partition};
    out.epoch = Epoch{1};
    out.buckets.push_back({Millis{bucket}, rollup});
    out.watermark = Millis{bucket};
    out.event_time = Millis{bucket};
    out.published = Millis{bucket + 5};
    return out;
  }

 private:
  Door door_;
};

TYPED_TEST_SUITE_P(BusSuite);

TYPED_TEST_P(BusSuite, DeliversToEverySubscriberOfTheTopicInOrder) {
  std::vector<double> a;
  std::vector<double> b;
  const auto one = this->bus().subscribe({"cpu", {}}, [&](const Update& u) { a.push_back(u.buckets[0].rollup->sum); });
  const auto two = this->bus().subscribe({"cpu", {}}, [&](const Update& u) { b.push_back(u.buckets[0].rollup->sum); });
  for (int i = 0; i < 100; ++i) this->bus().publish(this->update({"cpu", {}}, 10'000 * i, i));
  this->settle();
  ASSERT_EQ(a.size(), 100U);
  EXPECT_TRUE(std::ranges::is_sorted(a));
  EXPECT_EQ(a, b);
  this->bus().unsubscribe(one);
  this->bus().unsubscribe(two);
}

TYPED_TEST_P(BusSuite, KeepsTopicsApart) {
  std::vector<std::string> seen;
  const auto note = [&](const char* name) { return [&seen, name](const Update&) { seen.emplace_back(name); }; };
  const auto one = this->bus().subscribe({"a", {}}, note("a"));
  const auto two = this->bus().subscribe({"a", "b"}, note("a of b"));
  const auto three = this->bus().subscribe({"a:b", {}}, note("a:b"));
  this->bus().publish(this->update({"a", "b"}, 0, 1));
  this->settle();
  EXPECT_EQ(seen, (std::vector<std::string>{"a of b"}));
  this->bus().publish(this->update({"a:b", {}}, 0, 1));
  this->settle();
  EXPECT_EQ(seen, (std::vector<std::string>{"a of b", "a:b"}));
  for (const auto id : {one, two, three}) this->bus().unsubscribe(id);
}

TYPED_TEST_P(BusSuite, CarriesAllOfAnUpdate) {
  Update got;
  const auto id = this->bus().subscribe({"cpu", "host 1"}, [&](const Update& u) { got = u; });
  Update sent = this->update({"cpu", "host 1"}, 20'000, 2.5, 7);
  sent.epoch = Epoch{9};
  sent.watermark = Millis{31'000};
  this->bus().publish(sent);
  this->settle();
  ASSERT_TRUE(got.topic);
  EXPECT_EQ(*got.topic, (Topic{"cpu", "host 1"}));
  EXPECT_EQ(got.partition, PartitionId{7});
  EXPECT_EQ(got.epoch, Epoch{9});
  EXPECT_EQ(got.watermark, Millis{31'000});
  EXPECT_EQ(got.event_time, sent.event_time);
  EXPECT_EQ(got.published, sent.published);
  ASSERT_EQ(got.buckets.size(), 1U);
  EXPECT_EQ(got.buckets[0].start, Millis{20'000});
  EXPECT_EQ(got.buckets[0].rollup->count, 1U);
  EXPECT_EQ(got.buckets[0].rollup->max, 2.5);
  this->bus().unsubscribe(id);
}

TYPED_TEST_P(BusSuite, CarriesAWatermarkWithoutRows) {
  Update got;
  const auto id = this->bus().subscribe({"cpu", {}}, [&](const Update& u) { got = u; });
  Update sent = this->update({"cpu", {}}, 0, 1);
  sent.buckets.clear();
  sent.watermark = Millis{60'000};
  this->bus().publish(sent);
  this->settle();
  ASSERT_TRUE(got.topic);
  EXPECT_TRUE(got.buckets.empty());
  EXPECT_EQ(got.watermark, Millis{60'000});
  this->bus().unsubscribe(id);
}

TYPED_TEST_P(BusSuite, DeliversNothingAfterUnsubscribe) {
  int seen = 0;
  const auto id = this->bus().subscribe({"cpu", {}}, [&](const Update&) { ++seen; });
  this->bus().publish(this->update({"cpu", {}}, 0, 1));
  this->settle();
  this->bus().unsubscribe(id);
  this->bus().publish(this->update({"cpu", {}}, 0, 1));
  this->settle();
  EXPECT_EQ(seen, 1);
  this->bus().unsubscribe(id);  // a second time is nothing
}

TYPED_TEST_P(BusSuite, SaysWhatIsWatchedAndSinceWhen) {
  const std::uint64_t before = this->bus().watch_version();
  EXPECT_TRUE(this->bus().watched().empty());
  const auto one = this->bus().subscribe({"cpu", {}}, [](const Update&) {});
  const std::uint64_t first = this->bus().watch_version();
  EXPECT_GT(first, before);
  ASSERT_EQ(this->bus().watched().size(), 1U);
  EXPECT_EQ(*this->bus().watched()[0].topic, (Topic{"cpu", {}}));
  EXPECT_GT(this->bus().watched()[0].since, before);

  const auto two = this->bus().subscribe({"cpu", {}}, [](const Update&) {});
  ASSERT_EQ(this->bus().watched().size(), 1U);
  EXPECT_GT(this->bus().watched()[0].since, first) << "a second subscriber needs all open rows too";
  this->bus().unsubscribe(one);
  EXPECT_EQ(this->bus().watched().size(), 1U);
  const std::uint64_t with_one = this->bus().watch_version();
  this->bus().unsubscribe(two);
  EXPECT_TRUE(this->bus().watched().empty());
  EXPECT_GT(this->bus().watch_version(), with_one);
}

TYPED_TEST_P(BusSuite, UnsubscribesWhileOthersPublish) {
  std::atomic<bool> stop{false};
  std::thread publisher([&] {
    for (int i = 0; !stop.load(); ++i) this->bus().publish(this->update({"cpu", {}}, 0, i));
  });
  for (int i = 0; i < 200; ++i) {
    auto alive = std::make_unique<std::atomic<int>>(0);
    const auto id = this->bus().subscribe({"cpu", {}}, [count = alive.get()](const Update&) { ++*count; });
    this->bus().unsubscribe(id);
    alive.reset();  // the sanitizers see a callback that comes after
  }
  stop = true;
  publisher.join();
  EXPECT_TRUE(this->bus().watched().empty());
}

REGISTER_TYPED_TEST_SUITE_P(BusSuite, DeliversToEverySubscriberOfTheTopicInOrder, KeepsTopicsApart,
                            CarriesAllOfAnUpdate, CarriesAWatermarkWithoutRows, DeliversNothingAfterUnsubscribe,
                            SaysWhatIsWatchedAndSinceWhen, UnsubscribesWhileOthersPublish);

}  // namespace millrace
