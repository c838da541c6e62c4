#pragma once

#include "bus/bus.hpp"
#include "push/history.hpp"
#include "push/messages.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// What is known of one topic: rows by partition of buckets that may still change, the last points as they were
/// published, and the order of their changes.
///
/// Updates come from the bus, everything that was before or that must be exact (final points, late corrections) from
/// History. A point's revision only rises. Thread-safe: on_update on the bus' thread, load/refresh on the worker's,
/// apply on the hub's one ticking thread (which gives the sequence numbers), collect on any.
class LiveTopic {
 public:
  static constexpr std::size_t kept_changes = 1'024;

  LiveTopic(StreamTopic topic, std::uint64_t born) : topic_(std::move(topic)), complete_from_(born) {}

  [[nodiscard]] const StreamTopic& topic() const { return topic_; }

  /// Rows of a partition; answers whether something is to be published.
  bool on_update(const Update& update);

  /// The past of at least so many points is wanted.
  void want(std::size_t points);
  /// True if the worker has something to ask of History.
  [[nodiscard]] bool has_work(Millis final_until, Duration steady);
  /// Asks History for one thing that is due; after an error it waits a second. On the worker's thread.
  Result<void> work(History& history, Millis now, Duration steady);

  /// Publishes what has changed: numbers from ++seq on. Answers how many points.
  std::size_t apply(std::uint64_t& seq, Millis now);

  /// What a subscriber has seen of the topic.
  struct Cursor {
    std::uint64_t seq = 0;
    bool started = false;  ///< It has had its snapshot, or goes on from its id.
    std::size_t points = 60;
    bool plain = false;
    TopicNumber number;
    std::optional<std::uint64_t> since;  ///< To go on from, if that is still known.
    std::optional<Millis> gap_from;      ///< To be told when it is not.
    bool gapped = false;                 ///< It was told so.
  };
  struct Message {
    std::uint64_t seq;  ///< 0: has none.
    std::shared_ptr<const std::string> json;
  };
  /// Appends what the subscriber has not seen, up to sequence number `upto`: of each bucket only the newest.
  void collect(Cursor& cursor, std::uint64_t upto, Millis now, std::vector<Message>& out);

 private:
  struct Part {
    PartitionId partition;
    std::uint64_t count;
    std::shared_ptr<const Rollup> rollup;  ///< Let go once the bucket is final.
  };
  struct Bucket {
    std::vector<Part> parts;  ///< Ascending by partition.
    bool dirty = false;
  };
  struct Published {
    std::uint64_t seq = 0;
    std::uint64_t revision = 0;
    bool final = false;
    std::uint64_t final_seq = 0;  ///< Under which it first became final.
    Millis event_time;
    Millis at;
    std::shared_ptr<const std::string> json;
    struct Encoded {
      TopicNumber number;
      bool plain;
      std::shared_ptr<const std::string> message;
    };
    std::vector<Encoded> messages;  ///< Made on first use, shared by all subscribers.
  };
  struct Change {
    std::uint64_t seq;
    Millis key;
  };
  /// What the worker is to ask next.
  struct Due {
    enum class Kind { nothing, past, finals, late } kind = Kind::nothing;
    Millis from;
    Millis to;
    Millis until;
    std::size_t points = 0;
  };

  [[nodiscard]] Duration span() const { return topic_.sliding_minute ? Duration{60'000} : Duration{10'000}; }
  [[nodiscard]] Millis end_of(Millis key) const { return topic_.sliding_minute ? key : key + span(); }
  [[nodiscard]] bool open_before(Millis until) const;
  [[nodiscard]] Due next(Millis final_until, Millis now, Duration steady);
  bool take_part(Bucket& bucket, PartitionId partition, const std::shared_ptr<const Rollup>& rollup);
  bool publish(const Point& point, std::uint64_t& seq, Millis now, bool change);
  std::size_t apply_open(std::uint64_t& seq, Millis now);
  [[nodiscard]] std::optional<Point> merged(Millis from, Millis to) const;
  void prune();
  void start(Cursor& cursor, std::uint64_t upto, Millis now, std::vector<Message>& out);
  void snapshot(const Cursor& cursor, std::vector<Message>& out);
  static std::shared_ptr<const std::string> message(Published& published, const Cursor& cursor);

  const StreamTopic topic_;
  std::mutex mutex_;
  std::map<Millis, Bucket> buckets_;       ///< By start.
  std::map<Millis, Published> published_;  ///< By timestamp: start, or end of the sliding minute.
  std::deque<Change> changes_;
  std::uint64_t complete_from_;           ///< A subscriber that has seen this number can go on.
  std::vector<Point> answers_;            ///< Of History, to be applied.
  std::size_t wanted_ = 0;                ///< Points of the past that somebody wants,
  std::size_t answered_ = 0;              ///< that are in answers_ or applied,
  std::size_t loaded_ = 0;                ///< that are applied.
  Millis answered_from_;                  ///< The past begins here, in answers_,
  Millis kept_from_;                      ///< and here, applied and not yet let go.
  Millis final_asked_ = Millis::never();  ///< Windows that end by here come from History alone.
  Millis final_done_ = Millis::never();   ///< Windows that end by here have come.
  std::optional<Millis> late_from_;       ///< Buckets that changed after they were final.
  Millis late_to_;                        ///< Inclusive.
  Duration retry_at_{0};
  Duration late_at_{0};
  struct Snapshot {
    TopicNumber number;
    std::size_t points;
    std::shared_ptr<const std::string> json;
  };
  std::vector<Snapshot> snapshots_;  ///< Of the state now; shared by all that come at once.
};

}  // namespace millrace
