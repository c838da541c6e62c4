#include "push/hub.hpp"

#include "push/hub_fixture.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace millrace {
namespace {

using testing::HubRig;
using testing::only;
using testing::read;
using testing::second;
using testing::Seen;
using testing::SeenPoint;
using testing::start;
using testing::ten;

std::vector<SeenPoint> points_of(const std::vector<Seen>& all) {
  std::vector<SeenPoint> points;
  for (const Seen& seen : all) points.insert(points.end(), seen.points.begin(), seen.points.end());
  return points;
}

class HubTest : public ::testing::Test, public HubRig {
 protected:
  static StreamRequest since(const std::string& id) {
    StreamRequest request;
    request.since = id;
    return request;
  }
  static StreamRequest plain() {
    StreamRequest request;
    request.plain = true;
    return request;
  }
  static StreamRequest sliding() {
    StreamRequest request;
    request.topics = {{"m", std::nullopt, true}};
    return request;
  }
};

TEST_F(HubTest, SaysHelloThenTheSnapshotThenChanges) {
  event(0);
  event(12);
  final_until(10);
  auto subscriber = subscribe();
  auto seen = read(subscriber->take());
  ASSERT_EQ(seen.front().type, "hello");
  EXPECT_TRUE(only(seen, "snapshot").empty());  // it is asked for elsewhere than on the caller's thread
  turn();
  seen = only(read(subscriber->take()), "snapshot");
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].points, (std::vector<SeenPoint>{{0, 1, true, 3}, {10, 1, false, 2}}));
  EXPECT_EQ(seen[0].id, "");
  EXPECT_EQ(seen[0].topic, std::nullopt);
  event(13);
  EXPECT_TRUE(subscriber->take().empty());
  core->tick();
  seen = read(subscriber->take());
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].points, (std::vector<SeenPoint>{{10, 2, false, 4}}));
  EXPECT_EQ(seen[0].id, "epoch1-" + std::to_string(seen[0].seq));
  EXPECT_TRUE(subscriber->take().empty());
}

TEST_F(HubTest, MergesPartitionsAndTheStoreHoldsWhatTheBusDidNotBring) {
  event(0, 1, 0, false);  // in the store only, by a partition that is not heard of again
  event(1, 1, 1);
  auto subscriber = settled();
  event(2, 1, 1);
  event(3, 1, 2);
  core->tick();
  EXPECT_EQ(points_of(read(subscriber->take())), (std::vector<SeenPoint>{{0, 4, false, 8}}));
}

TEST_F(HubTest, AMessageIsEncodedOnceForAllThatReadIt) {
  auto one = settled();
  auto two = settled();
  StreamRequest both;
  both.topics = {{"else", std::nullopt, false}, {"m", std::nullopt, false}};
  auto three = settled(both);
  auto four = settled(both);
  event(0);
  core->tick();
  const auto frame = [](const std::vector<Frame>& frames) { return frames.empty() ? nullptr : frames.back().json; };
  const auto first = frame(one->take());
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first, frame(two->take()));
  const auto numbered = frame(three->take());
  EXPECT_NE(numbered, first);
  EXPECT_EQ(numbered, frame(four->take()));
  auto late_one = subscribe();
  auto late_two = subscribe();
  const auto snapshot = only(read(late_one->take()), "snapshot");
  ASSERT_EQ(snapshot.size(), 1U);
  EXPECT_EQ(snapshot[0].json, only(read(late_two->take()), "snapshot")[0].json);
}

TEST_F(HubTest, SeveralTopicsCarryTheirNumberAndAscendingIds) {
  StreamRequest request;
  request.topics = {{"m", std::nullopt, false}, {"m", "s", false}, {"m", std::nullopt, true}};
  auto subscriber = subscribe(request);
  turn();
  const auto snapshots = only(read(subscriber->take()), "snapshot");
  ASSERT_EQ(snapshots.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(snapshots[i].topic, i);
  event(0);
  event(11);
  core->tick();
  const auto seen = only(read(subscriber->take()), "point");
  std::set<std::uint64_t> topics;
  std::uint64_t before = 0;
  for (const Seen& one : seen) {
    EXPECT_GT(one.seq, before);
    before = one.seq;
    topics.insert(one.topic.value());
  }
  EXPECT_EQ(topics, (std::set<std::uint64_t>{0, 1, 2}));
}

TEST_F(HubTest, FinalPointsAreWholeAlsoWhenTheBusIsBehind) {
  auto subscriber = settled();
  event(0);
  event(5, 1, 1, false);  // folded, not published yet
  final_until(10);
  turn();
  const auto points = points_of(read(subscriber->take()));
  ASSERT_FALSE(points.empty());
  EXPECT_EQ(points.back(), (SeenPoint{0, 2, true, 5}));
  for (const SeenPoint& point : points) EXPECT_TRUE(!point.final || point.count == 2);
}

TEST_F(HubTest, ALateEventCorrectsAFinalPoint) {
  auto subscriber = settled();
  event(0);
  event(1, 1, 1);
  event(12);
  final_until(10);
  turn();
  static_cast<void>(subscriber->take());
  event(3, 1, 1);
  turn();
  EXPECT_EQ(points_of(read(subscriber->take())), (std::vector<SeenPoint>{{0, 3, true, 7}}));
  // Corrections come at most once a second.
  event(4, 1, 1);
  turn();
  EXPECT_TRUE(subscriber->take().empty());
  clock.advance(second);
  turn();
  EXPECT_EQ(points_of(only(read(subscriber->take()), "point")), (std::vector<SeenPoint>{{0, 4, true, 9}}));
}

TEST_F(HubTest, ARowSentAgainIsNoChange) {
  auto subscriber = settled();
  event(0);
  event(12);
  final_until(10);
  turn();
  static_cast<void>(subscriber->take());
  const int asked = history->asked;
  Update again;
  again.topic = std::make_shared<const Topic>(Topic{"m", std::nullopt});
  for (const auto& [place, rollup] : history->kept) {
    again.buckets.push_back({place.first, std::make_shared<const Rollup>(rollup)});
  }
  bus.publish(again);
  turn();
  EXPECT_TRUE(subscriber->take().empty());
  EXPECT_EQ(history->asked, asked);
}

TEST_F(HubTest, ASlowSubscriberGetsTheNewestOfEachBucketAndSeesTheLossInTheNumbers) {
  auto quick = settled();
  auto slow = settled();
  std::uint64_t last = 0;
  for (int i = 0; i < 20; ++i) {
    event(i);
    core->tick();
    const auto seen = only(read(quick->take()), "point");
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].seq, last + 1);
    last = seen[0].seq;
  }
  const auto seen = only(read(slow->take()), "point");
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(points_of(seen), (std::vector<SeenPoint>{{0, 10, false, 20}, {10, 10, false, 20}}));
  EXPECT_EQ(seen[0].seq, 10U);
  EXPECT_EQ(seen[1].seq, 20U);
}

TEST_F(HubTest, GoesOnFromAnIdWithoutSnapshotOrGap) {
  auto subscriber = settled();
  event(0);
  core->tick();
  const std::string id = read(subscriber->take()).back().id;
  subscriber.reset();
  event(1);
  event(12);
  core->tick();
  subscriber = subscribe(since(id));
  const auto seen = read(subscriber->take());
  EXPECT_TRUE(only(seen, "gap").empty());
  EXPECT_TRUE(only(seen, "snapshot").empty());
  EXPECT_EQ(points_of(seen), (std::vector<SeenPoint>{{0, 2, false, 4}, {10, 1, false, 2}}));
}

TEST_F(HubTest, AnotherEpochIsAGapThenASnapshot) {
  event(0);
  for (const char* id : {"other1-1", "nonsense", "epoch1-999"}) {
    auto subscriber = subscribe(since(id));
    turn();
    const auto seen = read(subscriber->take());
    ASSERT_GE(seen.size(), 3U);
    EXPECT_EQ(seen[1].type, "gap") << id;
    EXPECT_EQ(seen[2].type, "snapshot");
  }
}

TEST_F(HubTest, MoreThan1024ChangesBackIsAGapThatTellsItsStart) {
  auto keeper = settled();
  clock.advance(300 * second);
  event(300);
  core->tick();
  const std::string id = read(keeper->take()).back().id;
  const auto resumed = [&] { return only(read(subscribe(since(id))->take()), "gap"); };
  for (std::size_t i = 0; i < LiveTopic::kept_changes; ++i) {
    event(301 + static_cast<std::int64_t>(i % 9));
    core->tick();
  }
  EXPECT_TRUE(resumed().empty());
  event(309);
  core->tick();
  const auto gaps = resumed();
  ASSERT_EQ(gaps.size(), 1U);
  // 70 s before the moment at which the id was given.
  EXPECT_NE(gaps[0].json->find(R"("from":"2026-01-02T03:03:50.000Z","to":"2026-01-02T03:05:00.000Z")"),
            std::string::npos)
      << *gaps[0].json;
}

TEST_F(HubTest, ATopicLingersForThoseThatComeBackAndThenIsLeft) {
  auto subscriber = settled();
  event(0);
  core->tick();
  const std::string id = read(subscriber->take()).back().id;
  subscriber.reset();
  clock.advance(60 * second);
  core->tick();
  EXPECT_EQ(bus.watched().size(), 1U);
  clock.advance(2 * second);
  core->tick();
  EXPECT_TRUE(bus.watched().empty());
  // Nobody watched meanwhile: what the id says has been seen is no longer all there was.
  event(61);
  subscriber = subscribe(since(id));
  turn();
  const auto seen = read(subscriber->take());
  EXPECT_EQ(only(seen, "gap").size(), 1U);
  EXPECT_EQ(only(seen, "snapshot").size(), 1U);
}

TEST_F(HubTest, PlainIsBareFinalPointsEachBucketOnce) {
  event(0);
  event(12);
  final_until(10);
  auto subscriber = subscribe(plain());
  turn();
  EXPECT_EQ(points_of(only(read(subscriber->take()), "plain")), (std::vector<SeenPoint>{{0, 1, true, 3}}));
  event(13);
  turn();
  EXPECT_TRUE(subscriber->take().empty());
  event(21);
  final_until(20);
  turn();
  auto seen = read(subscriber->take());
  EXPECT_EQ(points_of(seen), (std::vector<SeenPoint>{{10, 2, true, 5}}));
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].json->find("{\"timestamp\""), 0U);
  EXPECT_FALSE(seen[0].id.empty());
  event(14);  // late: the bucket has been told
  turn();
  EXPECT_TRUE(subscriber->take().empty());
  clock.advance(10 * second);
  for (int i = 0; i < 60; ++i) core->tick();
  EXPECT_TRUE(subscriber->take().empty());  // no state either
}

TEST_F(HubTest, TheSlidingMinuteMovesWithTheOpenBucket) {
  for (int i = 0; i < 7; ++i) event(10 * i);
  final_until(60);
  auto subscriber = subscribe(sliding());
  turn();
  auto seen = only(read(subscriber->take()), "snapshot");
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].points.back(), (SeenPoint{70, 6, false, 12}));
  EXPECT_EQ(seen[0].points[seen[0].points.size() - 2], (SeenPoint{60, 6, true, 13}));
  event(65);
  core->tick();
  EXPECT_EQ(points_of(only(read(subscriber->take()), "point")), (std::vector<SeenPoint>{{70, 7, false, 14}}));
  event(71);
  core->tick();
  EXPECT_EQ(points_of(only(read(subscriber->take()), "point")), (std::vector<SeenPoint>{{80, 7, false, 14}}));
  // A late event changes every window that holds its bucket: final ones and open ones.
  event(45);
  turn();
  EXPECT_EQ(points_of(only(read(subscriber->take()), "point")),
            (std::vector<SeenPoint>{{70, 8, false, 16}, {80, 8, false, 16}, {50, 6, true, 13}, {60, 7, true, 15}}));
  final_until(80);
  turn();
  EXPECT_EQ(points_of(only(read(subscriber->take()), "point")),
            (std::vector<SeenPoint>{{70, 8, true, 17}, {80, 8, true, 17}}));
}

TEST_F(HubTest, MorePointsAreLoadedWhenSomebodyAsksForThem) {
  for (int i = 0; i < 500; ++i) event(10 * i);
  clock.advance(5'000 * second);
  final_until(5'000);
  auto few = subscribe();
  turn();
  EXPECT_EQ(only(read(few->take()), "snapshot")[0].points.size(), 60U);
  StreamRequest request;
  request.points = 300;
  auto many = subscribe(request);
  EXPECT_TRUE(only(read(many->take()), "snapshot").empty());
  turn();
  const auto seen = only(read(many->take()), "snapshot");
  ASSERT_EQ(seen.size(), 1U);
  ASSERT_EQ(seen[0].points.size(), 300U);
  EXPECT_EQ(seen[0].points.back().at, 4'990);
  EXPECT_EQ(seen[0].points.front().at, 2'000);
  EXPECT_TRUE(few->take().empty());  // the past is no change
}

TEST_F(HubTest, TellsTheStateAtLeastEveryFiveSecondsAndWhenItChanges) {
  auto subscriber = settled();
  int told = 0;
  for (int i = 0; i < 100; ++i) {
    clock.advance(Duration{100});
    core->tick();
    told += static_cast<int>(only(read(subscriber->take()), "state").size());
  }
  EXPECT_GE(told, 2);
  EXPECT_LE(told, 3);
  {
    const std::scoped_lock lock(history->mutex);
    history->state = Freshness::State::stalled;
  }
  core->tick();
  const auto seen = only(read(subscriber->take()), "state");
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_NE(seen[0].json->find("stalled"), std::string::npos);
}

TEST_F(HubTest, WakesOnceAfterItHadNothingToSay) {
  int wakes = 0;
  auto subscriber = settled({}, [&] { ++wakes; });
  wakes = 0;
  event(0);
  core->tick();
  EXPECT_EQ(wakes, 0);  // it had answered something: the transport comes back by itself
  static_cast<void>(subscriber->take());
  EXPECT_TRUE(subscriber->take().empty());
  event(1);
  core->tick();
  event(2);
  core->tick();
  EXPECT_EQ(wakes, 1);
  while (!subscriber->take().empty()) {
  }
  subscriber.reset();
  event(3);
  core->tick();
  EXPECT_EQ(wakes, 1);
  EXPECT_EQ(core->subscribers(), 0U);
}

TEST_F(HubTest, WaitsWithHelloAndStateWhileHistoryFails) {
  event(0);
  history->failing = true;
  auto subscriber = subscribe();
  turn();
  auto seen = read(subscriber->take());
  EXPECT_EQ(only(seen, "hello").size(), 1U);
  EXPECT_EQ(only(seen, "state").size(), 1U);
  EXPECT_TRUE(only(seen, "snapshot").empty());
  const int asked = history->asked;
  turn();
  EXPECT_EQ(history->asked, asked);  // asked again only after a second
  history->failing = false;
  clock.advance(second);
  turn();
  EXPECT_EQ(only(read(subscriber->take()), "snapshot").size(), 1U);
}

TEST_F(HubTest, ALateEventThatHistoryCouldNotTellIsAskedForAgain) {
  auto subscriber = settled();
  event(0);
  event(12);
  final_until(10);
  turn();
  static_cast<void>(subscriber->take());
  history->failing = true;
  event(1);
  turn();
  history->failing = false;
  clock.advance(second);
  turn();
  EXPECT_EQ(points_of(only(read(subscriber->take()), "point")), (std::vector<SeenPoint>{{0, 2, true, 5}}));
}

TEST_F(HubTest, RefusesWhatItCanNotServe) {
  const auto code = [&](StreamRequest request) { return core->subscribe(std::move(request), {}).error().code; };
  EXPECT_EQ(code({}), ErrorCode::invalid_argument);
  StreamRequest many;
  many.topics.assign(51, {"m", std::nullopt, false});
  EXPECT_EQ(code(many), ErrorCode::invalid_argument);
  StreamRequest points;
  points.topics = {{"m", std::nullopt, false}};
  points.points = 1'001;
  EXPECT_EQ(code(points), ErrorCode::invalid_argument);
  points.points = 60;
  core->stop();
  EXPECT_EQ(code(points), ErrorCode::unavailable);
  EXPECT_TRUE(bus.watched().empty());
}

/// Whatever comes in whatever order: revisions of a bucket never fall, and in the end each subscriber knows the truth.
TEST_F(HubTest, RevisionsNeverFallAndEverySubscriberEndsWithTheTruth) {
  for (const bool is_sliding : {false, true}) {
    std::mt19937 random(is_sliding ? 2 : 1);
    const auto chance = [&](unsigned of) { return random() % of == 0; };
    struct Client {
      std::unique_ptr<Subscriber> subscriber;
      std::map<std::int64_t, SeenPoint> known;
      std::string id;
    };
    const auto connect = [&](Client& client) {
      StreamRequest request = is_sliding ? sliding() : StreamRequest{};
      if (!client.id.empty()) request.since = client.id;
      client.subscriber = subscribe(request);
    };
    const auto pump = [&](Client& client) {
      for (const Seen& seen : read(client.subscriber->take())) {
        for (const SeenPoint& point : seen.points) {
          SeenPoint& known = client.known[point.at];
          EXPECT_GE(point.revision, known.revision);
          known = point;
        }
        if (!seen.id.empty()) client.id = seen.id;
      }
    };
    core->stop();
    core = make();
    std::vector<Client> clients(4);
    std::int64_t now = 100;
    for (int step = 0; step < 4'000; ++step) {
      if (chance(20)) {
        clock.advance(second);
        ++now;
        if (chance(2)) final_until(now - 3);
      }
      const std::int64_t back =
          chance(15) ? static_cast<std::int64_t>(random() % 90) : static_cast<std::int64_t>(random() % 4);
      event(now - back, 1, static_cast<std::uint16_t>(random() % 3), !chance(3));
      if (chance(3)) core->tick();
      if (chance(3)) core->work();
      Client& client = clients[random() % clients.size()];
      if (!client.subscriber) connect(client);
      if (chance(2)) pump(client);
      if (chance(60)) client.subscriber.reset();
    }
    // The bus catches up, everything becomes final.
    for (std::uint16_t partition = 0; partition < 3; ++partition) {
      for (std::int64_t at = 0; at <= now; at += 10) event(at, 1, partition);
    }
    final_until(now + 100);
    for (int i = 0; i < 4; ++i) {
      clock.advance(second);
      turn();
    }
    const auto truth = history->points({"m", std::nullopt, is_sliding}, start, start + (now + 100) * second);
    for (Client& client : clients) {
      if (!client.subscriber) connect(client);
      pump(client);
      ASSERT_GE(truth->points.size(), 10U);
      for (const Point& point : truth->points) {
        const std::int64_t at = (point.timestamp - start) / second;
        EXPECT_EQ(client.known[at].revision, point.revision) << "at " << at << (is_sliding ? " sliding" : "");
      }
    }
  }
}

}  // namespace
}  // namespace millrace
