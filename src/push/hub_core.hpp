#pragma once

#include "push/live_topic.hpp"

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace millrace {

/// The hub without its threads: everything happens in tick() and work(), called by hand in tests.
///
/// One sequence over all topics numbers the changes, so that one id tells what a stream of several topics has seen.
/// Must be owned by a std::shared_ptr: subscribers keep it.
class HubCore : public std::enable_shared_from_this<HubCore> {
 public:
  static constexpr std::size_t most_topics = 50;
  static constexpr std::size_t most_points = 1'000;
  static constexpr std::size_t plain_points = 60;

  HubCore(Bus& bus, std::unique_ptr<History> history, const Clock& clock, Metrics& metrics, Duration tick,
          std::string epoch);

  [[nodiscard]] Result<std::unique_ptr<Subscriber>> subscribe(StreamRequest request, std::function<void()> wake);
  /// Publishes what has changed and wakes who waits for it. Always from the same thread.
  void tick();
  /// Asks History one thing for one topic; false if nothing was due. From one other thread.
  bool work();
  /// True if work() has something to do.
  [[nodiscard]] bool has_work();
  void stop();

  [[nodiscard]] const std::string& epoch() const { return epoch_; }
  [[nodiscard]] std::size_t subscribers() const { return count_.load(); }

 private:
  class Stream;
  struct Watched {
    std::shared_ptr<LiveTopic> topic;
    std::uint64_t subscription = 0;
    bool subscribed = false;  ///< The bus knows it: what comes from here on is not missed.
    bool queued = false;
    std::vector<Stream*> streams;
    Duration idle_since{0};
  };

  std::shared_ptr<Watched> watch(const StreamTopic& topic);
  void leave(Stream& stream);
  void collect_garbage(Duration steady);
  [[nodiscard]] Millis gap_start(std::string_view since) const;

  Bus& bus_;
  std::unique_ptr<History> history_;
  const Clock& clock_;
  const Duration tick_;
  const std::string epoch_;
  Gauge& subscribers_gauge_;
  Gauge& topics_gauge_;
  Counter& points_counter_;
  Counter& gaps_counter_;
  Counter& failures_counter_;

  mutable std::mutex mutex_;  ///< Of all below that is not atomic; never held while a topic is worked on.
  std::map<StreamTopic, std::shared_ptr<Watched>> watched_;
  std::deque<std::shared_ptr<Watched>> queue_;          ///< For work().
  std::deque<std::pair<std::uint64_t, Millis>> times_;  ///< When numbers were given: tells a gap's start.
  std::vector<std::vector<Stream*>> slots_;             ///< Streams by the tick in which they are told the state.
  std::size_t next_slot_ = 0;
  bool stopped_ = false;

  std::mutex state_mutex_;
  std::shared_ptr<const std::string> state_;

  // Of the ticking thread.
  std::uint64_t seq_ = 0;
  Freshness::State last_state_ = Freshness::State::current;
  Duration collect_at_{0};
  std::size_t ticks_ = 0;
  std::atomic<std::uint64_t> visible_{0};  ///< Every change up to here may be taken.
  std::atomic<std::size_t> count_{0};
};

}  // namespace millrace
