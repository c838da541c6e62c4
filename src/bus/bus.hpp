#pragma once

#include "base/types.hpp"
#include "model/rollup.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// What can be watched: a metric over all its series, or over those of one source. (The brief's channels
/// metric:NAME and metric:NAME:SOURCE.)
struct Topic {
  std::string metric;
  std::optional<std::string> source;

  friend auto operator<=>(const Topic&, const Topic&) = default;
};

/// One partition's current rows of a topic: those that changed since its last update (all open ones at first).
struct Update {
  struct Bucket {
    Millis start;
    std::shared_ptr<const Rollup> rollup;  ///< Merged over the partition's series of this topic.
  };
  std::shared_ptr<const Topic> topic;
  PartitionId partition;
  Epoch epoch;
  std::vector<Bucket> buckets;  ///< 10 s, ascending.
  Millis watermark;             ///< The partition's, after these rows.
  Millis event_time;            ///< Newest event in them.
  Millis published;
};

/// Updates from the stream engine to every server. In process: InProcessBus.
///
/// Contract: what is watched is what somebody subscribes to; a subscriber first gets every open row of its topic from
/// every partition, then changes. Updates of one (topic, partition) arrive in order; none is delivered after
/// unsubscribe returned. Callbacks run on the publisher's thread and must not block. Safe from any thread.
class Bus {
 public:
  using Callback = std::function<void(const Update&)>;
  struct Watch {
    std::shared_ptr<const Topic> topic;
    std::uint64_t since;  ///< Version at which it began: a publisher that has not seen it sends all open rows.
  };

  virtual ~Bus() = default;

  [[nodiscard]] virtual std::uint64_t subscribe(const Topic& topic, Callback callback) = 0;
  virtual void unsubscribe(std::uint64_t subscription) = 0;

  /// Rises whenever the set of watched topics changes, also when a topic gets a second subscriber. Cheap.
  [[nodiscard]] virtual std::uint64_t watch_version() const = 0;
  [[nodiscard]] virtual std::vector<Watch> watched() const = 0;
  virtual void publish(const Update& update) = 0;
};

}  // namespace millrace
