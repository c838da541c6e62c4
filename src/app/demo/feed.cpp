#include "app/demo/feed.hpp"

#include "app/demo/machine.hpp"
#include "app/demo/shop.hpp"
#include "base/clock.hpp"
#include "ingest/event_json.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {
namespace {

constexpr Duration told_at_once{15LL * 60'000};
constexpr std::size_t batch_bytes = 1'000'000;

}  // namespace

void DemoFeed::start() {
  thread_ = std::thread([this] { run(); });
}

void DemoFeed::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool DemoFeed::wait_until(Millis at) {
  std::unique_lock lock(mutex_);
  const SystemClock clock;
  const Duration left = at - clock.now();
  return !wake_.wait_for(lock, left, [this] { return stopping_; });
}

void DemoFeed::run() {
  const SystemClock clock;
  Machine machine;
  Shop shop(static_cast<std::uint64_t>(clock.now().value));
  std::string lines;
  const auto flush = [&] {
    if (lines.empty()) return;
    if (const auto fed = node_.feed(lines); !fed) spdlog::warn("demo: {}", fed.error().message);
    lines.clear();
  };
  const auto tell_shop = [&](Millis second) {
    for (const ShopEvent& event : shop.second(second)) {
      append_event_json(lines, EventText{event.metric, event.source, event.at, event.value, event.tags});
    }
    if (lines.size() > batch_bytes) flush();
  };

  Millis second = align_down(clock.now() - told_at_once, Duration{1'000});
  for (; second + Duration{1'000} <= clock.now(); second = second + Duration{1'000}) tell_shop(second);
  flush();
  // Each second is told when it is over: the shop's events of it, and the machine as it is then.
  while (wait_until(second + Duration{1'000})) {
    tell_shop(second);
    const Millis now = clock.now();
    for (const Reading& reading : machine.read()) {
      const std::vector<std::pair<std::string_view, std::string_view>> tags(reading.tags.begin(), reading.tags.end());
      append_event_json(lines, EventText{reading.metric, machine.host(), now, reading.value, tags});
    }
    flush();
    second = second + Duration{1'000};
  }
}

}  // namespace millrace
