#include "push/hub_core.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace {
namespace {

/// A topic without streams is watched on for so long: whoever reconnects goes on without a gap.
constexpr Duration linger{60'000};
/// Every stream is told the state at least so often (5 s are promised).
constexpr Duration state_every{4'000};
/// Number and time of a change are noted at most once in so long, for the last hour.
constexpr Duration time_step{1'000};
constexpr std::size_t kept_times = 3'600;
/// Before a change its bucket may have been open for a minute, and late for two seconds.
constexpr Duration gap_margin{70'000};
constexpr Duration collect_every{1'000};

std::unexpected<Error> stopping() {
  return fail(ErrorCode::unavailable, "the server is shutting down: connect again in a moment");
}

}  // namespace

/// One subscriber: a cursor into each of its topics, nothing else.
class HubCore::Stream final : public Subscriber {
 public:
  struct Seat {
    std::shared_ptr<Watched> watched;
    LiveTopic::Cursor cursor;
  };

  Stream(std::shared_ptr<HubCore> hub, std::vector<Seat> seats, bool plain, std::function<void()> wake)
      : hub_(std::move(hub)), seats_(std::move(seats)), plain_(plain), wake_(std::move(wake)) {}
  ~Stream() override { hub_->leave(*this); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  std::vector<Frame> take() override {
    // Armed before looking: what comes after this look wakes.
    armed_.store(true);
    std::vector<Frame> frames;
    const Millis now = hub_->clock_.now();
    const std::uint64_t upto = hub_->visible_.load();
    if (!greeted_) {
      greeted_ = true;
      if (!plain_) {
        frames.push_back({std::make_shared<const std::string>(hello_message(hub_->epoch_, now, hub_->tick_)), {}});
      }
    }
    std::vector<LiveTopic::Message> messages;
    for (Seat& seat : seats_) {
      const bool started = seat.cursor.started;
      seat.watched->topic->collect(seat.cursor, upto, now, messages);
      if (!started && seat.cursor.gapped) hub_->gaps_counter_.add();
    }
    std::vector<LiveTopic::Message> numbered;
    for (LiveTopic::Message& message : messages) {
      if (message.seq != 0) {
        numbered.push_back(std::move(message));
      } else {
        frames.push_back({std::move(message.json), {}});
      }
    }
    // In the order of their numbers over all topics: an id tells that everything below it has been seen.
    std::sort(numbered.begin(), numbered.end(), [](const auto& a, const auto& b) { return a.seq < b.seq; });
    for (LiveTopic::Message& message : numbered) {
      frames.push_back({std::move(message.json), event_id(hub_->epoch_, message.seq)});
    }
    if (!plain_ && state_due_.exchange(false)) {
      const std::scoped_lock lock(hub_->state_mutex_);
      if (hub_->state_) frames.push_back({hub_->state_, {}});
    }
    if (!frames.empty()) armed_.store(false);
    return frames;
  }

  /// True if it must be woken now.
  bool disarm() { return armed_.exchange(false); }
  void owe_state() { state_due_.store(true); }

  std::shared_ptr<HubCore> hub_;
  std::vector<Seat> seats_;
  const bool plain_;
  std::function<void()> wake_;
  std::size_t slot_ = 0;

 private:
  std::atomic<bool> armed_{false};
  std::atomic<bool> state_due_{true};
  bool greeted_ = false;
};

HubCore::HubCore(Bus& bus, std::unique_ptr<History> history, const Clock& clock, Metrics& metrics, Duration tick,
                 std::string epoch)
    : bus_(bus),
      history_(std::move(history)),
      clock_(clock),
      tick_(tick),
      epoch_(std::move(epoch)),
      subscribers_gauge_(metrics.gauge("millrace_push_subscribers", "Open live streams.")),
      topics_gauge_(metrics.gauge("millrace_push_topics", "Topics that are watched for live streams.")),
      points_counter_(metrics.counter("millrace_push_points_total", "Changes of points published to live streams.")),
      gaps_counter_(
          metrics.counter("millrace_push_gaps_total", "Topics of streams that could not go on from where they were.")),
      failures_counter_(metrics.counter("millrace_push_history_failures_total",
                                        "Questions of the live streams that the query engine could not answer.")),
      slots_(static_cast<std::size_t>(std::max<std::int64_t>(1, state_every / std::max(tick, Duration{1})))) {}

std::shared_ptr<HubCore::Watched> HubCore::watch(const StreamTopic& topic) {
  std::shared_ptr<Watched> watched;
  {
    const std::scoped_lock lock(mutex_);
    auto& entry = watched_[topic];
    if (entry) return entry;
    entry = std::make_shared<Watched>();
    // What was given up to now may have changed this topic unseen.
    entry->topic = std::make_shared<LiveTopic>(topic, visible_.load() + 1);
    entry->idle_since = clock_.steady();
    watched = entry;
  }
  // Not under the lock: the bus may call back at once.
  const std::weak_ptr<LiveTopic> weak = watched->topic;
  const std::uint64_t subscription = bus_.subscribe({topic.metric, topic.source}, [weak](const Update& update) {
    if (const auto live = weak.lock()) live->on_update(update);
  });
  const std::scoped_lock lock(mutex_);
  watched->subscription = subscription;
  watched->subscribed = true;
  return watched;
}

Millis HubCore::gap_start(std::string_view since) const {
  const auto seq = parse_event_id(since, epoch_);
  if (!seq) return Millis::never();
  const std::scoped_lock lock(mutex_);
  const auto after = std::upper_bound(times_.begin(), times_.end(), *seq,
                                      [](std::uint64_t value, const auto& noted) { return value < noted.first; });
  if (after == times_.begin()) return Millis::never();
  return align_down(std::prev(after)->second - gap_margin, Duration{10'000});
}

Result<std::unique_ptr<Subscriber>> HubCore::subscribe(StreamRequest request, std::function<void()> wake) {
  if (request.topics.empty() || request.topics.size() > most_topics) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("a stream has {} topics: name 1 to {} metrics", request.topics.size(), most_topics));
  }
  if (request.points == 0 || request.points > most_points) {
    return fail(ErrorCode::invalid_argument, fmt::format("'points' is not in 1..{}", most_points));
  }
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return stopping();
  }
  LiveTopic::Cursor cursor;
  cursor.plain = request.plain;
  cursor.points = request.plain ? std::min(request.points, plain_points) : request.points;
  if (request.since) {
    cursor.since = parse_event_id(*request.since, epoch_);
    cursor.gap_from = gap_start(*request.since);
  }
  std::vector<Stream::Seat> seats;
  for (std::size_t i = 0; i < request.topics.size(); ++i) {
    if (request.topics[i].metric.empty()) return fail(ErrorCode::invalid_argument, "a topic's metric name is empty");
    cursor.number = request.topics.size() > 1 ? TopicNumber(i) : std::nullopt;
    seats.push_back({nullptr, cursor});
  }
  auto stream = std::make_unique<Stream>(shared_from_this(), std::move(seats), request.plain, std::move(wake));
  for (std::size_t i = 0; i < request.topics.size(); ++i) {
    auto watched = watch(request.topics[i]);
    watched->topic->want(cursor.points);
    const std::scoped_lock lock(mutex_);
    // One stream may name a topic twice; it is woken once.
    auto& streams = watched->streams;
    if (std::find(streams.begin(), streams.end(), stream.get()) == streams.end()) streams.push_back(stream.get());
    stream->seats_[i].watched = std::move(watched);
  }
  const std::scoped_lock lock(mutex_);
  if (stopped_) return stopping();
  {
    const std::scoped_lock state(state_mutex_);
    if (!state_) state_ = std::make_shared<const std::string>(state_message(history_->freshness()));
  }
  const std::size_t slot = next_slot_++ % slots_.size();
  stream->slot_ = slot;
  slots_[slot].push_back(stream.get());
  ++count_;
  subscribers_gauge_.set(static_cast<double>(count_.load()));
  return std::unique_ptr<Subscriber>(std::move(stream));
}

void HubCore::leave(Stream& stream) {
  const std::scoped_lock lock(mutex_);
  const auto drop = [&](std::vector<Stream*>& streams) {
    const auto at = std::find(streams.begin(), streams.end(), &stream);
    if (at == streams.end()) return false;
    *at = streams.back();
    streams.pop_back();
    return true;
  };
  for (Stream::Seat& seat : stream.seats_) {
    if (seat.watched && drop(seat.watched->streams)) seat.watched->idle_since = clock_.steady();
  }
  if (drop(slots_[stream.slot_])) --count_;
  subscribers_gauge_.set(static_cast<double>(count_.load()));
}

void HubCore::collect_garbage(Duration steady) {
  std::vector<std::uint64_t> left;
  {
    const std::scoped_lock lock(mutex_);
    for (auto at = watched_.begin(); at != watched_.end();) {
      Watched& watched = *at->second;
      // Held by the map alone: nobody is about to sit down at it.
      const bool gone = watched.streams.empty() && watched.subscribed && !watched.queued &&
                        at->second.use_count() == 1 && steady - watched.idle_since > linger;
      if (!gone) {
        ++at;
        continue;
      }
      left.push_back(watched.subscription);
      at = watched_.erase(at);
    }
    topics_gauge_.set(static_cast<double>(watched_.size()));
  }
  for (const std::uint64_t subscription : left) bus_.unsubscribe(subscription);
}

void HubCore::tick() {
  const Millis now = clock_.now();
  const Duration steady = clock_.steady();
  const Freshness freshness = history_->freshness();
  if (steady >= collect_at_) {
    collect_at_ = steady + collect_every;
    collect_garbage(steady);
  }
  std::vector<std::shared_ptr<Watched>> all;
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return;
    all.reserve(watched_.size());
    for (const auto& [topic, watched] : watched_) all.push_back(watched);
  }
  const std::uint64_t before = seq_;
  std::vector<Watched*> changed;
  std::vector<std::shared_ptr<Watched>> due;
  for (const auto& watched : all) {
    if (watched->topic->apply(seq_, now) > 0) changed.push_back(watched.get());
    if (watched->topic->has_work(freshness.final_until, steady)) due.push_back(watched);
  }
  visible_.store(seq_);
  points_counter_.add(static_cast<double>(seq_ - before));

  // Wakes run under the lock, so that none comes after its stream has left; they must not block.
  const std::scoped_lock lock(mutex_);
  if (seq_ != before && (times_.empty() || now - times_.back().second >= time_step)) {
    times_.emplace_back(seq_, now);
    if (times_.size() > kept_times) times_.pop_front();
  }
  for (auto& watched : due) {
    if (watched->queued || !watched->subscribed) continue;
    watched->queued = true;
    queue_.push_back(std::move(watched));
  }
  const auto wake = [](Stream* stream) {
    if (stream->disarm() && stream->wake_) stream->wake_();
  };
  for (Watched* watched : changed) {
    for (Stream* stream : watched->streams) wake(stream);
  }
  const bool all_slots = freshness.state != last_state_;
  last_state_ = freshness.state;
  const std::size_t slot = ticks_++ % slots_.size();
  if (all_slots || !slots_[slot].empty()) {
    const std::scoped_lock state(state_mutex_);
    state_ = std::make_shared<const std::string>(state_message(freshness));
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (i != slot && !all_slots) continue;
    for (Stream* stream : slots_[i]) {
      stream->owe_state();
      if (!stream->plain_) wake(stream);
    }
  }
}

bool HubCore::has_work() {
  const std::scoped_lock lock(mutex_);
  return !queue_.empty() && !stopped_;
}

bool HubCore::work() {
  std::shared_ptr<Watched> watched;
  {
    const std::scoped_lock lock(mutex_);
    if (queue_.empty() || stopped_) return false;
    watched = std::move(queue_.front());
    queue_.pop_front();
  }
  // It is asked again; streams see a pipeline that fails by its state.
  if (!watched->topic->work(*history_, clock_.now(), clock_.steady())) failures_counter_.add();
  const std::scoped_lock lock(mutex_);
  watched->queued = false;
  return true;
}

void HubCore::stop() {
  std::vector<std::uint64_t> left;
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    queue_.clear();
    for (const auto& [topic, watched] : watched_) {
      if (watched->subscribed) left.push_back(watched->subscription);
    }
    watched_.clear();
  }
  for (const std::uint64_t subscription : left) bus_.unsubscribe(subscription);
}

}  // namespace millrace
