#pragma once

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "bus/in_process_bus.hpp"
#include "push/hub_core.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::testing {

constexpr Millis start{1'767'322'800'000};  // 2026-01-02T03:00:00Z
constexpr Duration second{1'000};
constexpr Duration ten{10'000};

/// What the store and the engine hold, as the test wrote it: rows of one topic by (bucket, partition).
class Kept final : public History {
 public:
  Result<Points> points(const StreamTopic& topic, Millis from, Millis to) override {
    const std::scoped_lock lock(mutex);
    ++asked;
    if (failing) return fail(ErrorCode::unavailable, "the test wants it");
    Points out{{}, final_until};
    if (kept.empty()) return out;
    const Duration span = topic.sliding_minute ? 6 * ten : ten;
    const Millis end = std::min(to, kept.rbegin()->first.first + (topic.sliding_minute ? ten : Duration{0}));
    for (Millis at = std::max(align_down(from + ten - Duration{1}, ten), kept.begin()->first.first); at <= end;
         at = at + ten) {
      const Millis low = topic.sliding_minute ? at - span : at;
      Point point;
      point.timestamp = at;
      for (auto row = kept.lower_bound({low, PartitionId{0}}); row != kept.end() && row->first.first < low + span;
           ++row) {
        point.rollup.merge(row->second);
      }
      if (point.rollup.count == 0) continue;
      point.final = low + span <= final_until;
      point.revision = 2 * point.rollup.count + (point.final ? 1 : 0);
      out.points.push_back(std::move(point));
    }
    return out;
  }
  Result<std::vector<PartitionRow>> rows(const StreamTopic&, Millis from, Millis to) override {
    const std::scoped_lock lock(mutex);
    std::vector<PartitionRow> out;
    for (const auto& [place, rollup] : kept) {
      if (place.first >= from && place.first <= to) out.push_back({place.second, place.first, rollup});
    }
    return out;
  }
  Freshness freshness() override {
    const std::scoped_lock lock(mutex);
    Freshness freshness;
    freshness.state = state;
    freshness.final_until = final_until;
    return freshness;
  }

  std::mutex mutex;
  std::map<std::pair<Millis, PartitionId>, Rollup> kept;
  Millis final_until = Millis::never();
  Freshness::State state = Freshness::State::current;
  bool failing = false;
  int asked = 0;
};

/// A point as a subscriber read it.
struct SeenPoint {
  std::int64_t at = 0;  ///< Seconds after `start`.
  std::uint64_t count = 0;
  bool final = false;
  std::uint64_t revision = 0;
  friend bool operator==(const SeenPoint&, const SeenPoint&) = default;
};
inline void PrintTo(const SeenPoint& point, std::ostream* out) {
  *out << "{at " << point.at << ", count " << point.count << (point.final ? ", final" : "") << "}";
}

/// A message as a client reads it.
struct Seen {
  std::string type;  ///< "plain" for a bare point.
  std::optional<std::uint64_t> topic;
  std::vector<SeenPoint> points;
  std::uint64_t seq = 0;
  std::string id;
  std::shared_ptr<const std::string> json;
};

inline SeenPoint read_point(simdjson::dom::element json) {
  SeenPoint point;
  const std::string_view time = json["timestamp"].get_string();
  const auto number = [&](std::size_t from) { return std::stoll(std::string(time.substr(from, 2))); };
  point.at = (number(11) - 3) * 3600 + number(14) * 60 + number(17);
  point.count = json["count"].get_uint64();
  point.final = json["final"].get_bool();
  point.revision = json["revision"].get_uint64();
  return point;
}

inline std::vector<Seen> read(const std::vector<Frame>& frames) {
  std::vector<Seen> all;
  simdjson::dom::parser parser;
  for (const Frame& frame : frames) {
    Seen& seen = all.emplace_back();
    seen.id = frame.id;
    seen.json = frame.json;
    const simdjson::padded_string padded(*frame.json);
    simdjson::dom::element json;
    if (parser.parse(padded).get(json) != simdjson::SUCCESS) {
      ADD_FAILURE() << "not JSON: " << *frame.json;
      continue;
    }
    std::uint64_t topic = 0;
    if (json["topic"].get(topic) == simdjson::SUCCESS) seen.topic = topic;
    std::string_view type = "plain";
    if (json["type"].get(type) != simdjson::SUCCESS) seen.points.push_back(read_point(json));
    seen.type = type;
    if (type == "point") {
      seen.points.push_back(read_point(json["point"]));
      seen.seq = json["seq"].get_uint64();
    }
    if (type == "snapshot") {
      for (const simdjson::dom::element point : json["points"].get_array()) seen.points.push_back(read_point(point));
    }
  }
  return all;
}

/// Only messages of a type.
inline std::vector<Seen> only(const std::vector<Seen>& all, std::string_view type) {
  std::vector<Seen> some;
  for (const Seen& seen : all) {
    if (seen.type == type) some.push_back(seen);
  }
  return some;
}

/// A hub core over a bus and Kept, turned by hand.
class HubRig {
 public:
  HubRig() { core = make(); }

  std::shared_ptr<HubCore> make() {
    auto owned = std::make_unique<Kept>();
    history = owned.get();
    return std::make_shared<HubCore>(bus, std::move(owned), clock, metrics, Duration{100}, "epoch1");
  }

  /// An event happens: the store has it at once, the bus when `publish`.
  void event(std::int64_t at_seconds, double value = 1, std::uint16_t partition = 0, bool publish = true) {
    const Millis at = start + at_seconds * second;
    Update update;
    {
      const std::scoped_lock lock(history->mutex);
      Rollup& row = history->kept[{align_down(at, ten), PartitionId{partition}}];
      row.add(value, at);
      update.buckets.push_back({align_down(at, ten), std::make_shared<const Rollup>(row)});
    }
    if (!publish) return;
    for (const Bus::Watch& watch : bus.watched()) {
      update.topic = watch.topic;
      update.partition = PartitionId{partition};
      update.event_time = at;
      update.published = clock.now();
      bus.publish(update);
    }
  }
  /// Everything before is final.
  void final_until(std::int64_t at_seconds) {
    const std::scoped_lock lock(history->mutex);
    history->final_until = start + at_seconds * second;
  }
  /// A tick, what it asks for, and the tick that publishes the answers.
  void turn() {
    core->tick();
    while (core->work()) {
    }
    core->tick();
  }
  std::unique_ptr<Subscriber> subscribe(StreamRequest request = {}, std::function<void()> wake = {}) {
    if (request.topics.empty()) request.topics = {{"m", std::nullopt, false}};
    auto subscriber = core->subscribe(std::move(request), std::move(wake));
    EXPECT_TRUE(subscriber);
    return subscriber ? *std::move(subscriber) : nullptr;
  }
  /// A subscriber that has had hello, snapshot and state.
  std::unique_ptr<Subscriber> settled(StreamRequest request = {}, std::function<void()> wake = {}) {
    auto subscriber = subscribe(std::move(request), std::move(wake));
    turn();
    static_cast<void>(subscriber->take());
    return subscriber;
  }

  ManualClock clock{start};
  InProcessBus bus;
  Metrics metrics;
  Kept* history = nullptr;
  std::shared_ptr<HubCore> core;
};

}  // namespace millrace::testing
