#pragma once

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/result.hpp"
#include "bus/bus.hpp"
#include "query/query.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// What one stream watches.
struct StreamTopic {
  std::string metric;
  std::optional<std::string> source;
  bool sliding_minute = false;

  friend auto operator<=>(const StreamTopic&, const StreamTopic&) = default;
};

/// A subscriber's wishes: GET /metrics/stream.
struct StreamRequest {
  std::vector<StreamTopic> topics;   ///< 1..50; more than one: messages carry "topic":k.
  std::size_t points = 60;           ///< Of the snapshot, up to 1,000.
  std::optional<std::string> since;  ///< EPOCH-SEQ of the last message seen.
  bool plain = false;                ///< Bare points, each bucket once when final.
};

/// A message ready to send. `id` (EPOCH-SEQ) is empty for hello, snapshot and state.
struct Frame {
  std::shared_ptr<const std::string> json;
  std::string id;
};

/// One open stream. The transport takes frames when it can write; the hub keeps at most one waiting point for each
/// topic and bucket state, the newest replacing an older one, whose loss shows in the sequence numbers.
/// take() is called on the transport's thread; destroying it ends the subscription.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  /// What waits now, in order; empty when nothing does.
  [[nodiscard]] virtual std::vector<Frame> take() = 0;
};

/// Live topics: snapshot, then changes, resume, conflation.
///
/// One payload for each topic and tick is shared by all its subscribers. Thread-safe.
class Hub {
 public:
  Hub(Bus& bus, QueryEngine& queries, const Clock& clock, Metrics& metrics, Duration tick);
  ~Hub();

  /// `wake` is called, from any thread, when take() would answer something after it answered nothing; it must not
  /// block. The first take() answers hello and the snapshots as soon as they are there. Errors: `invalid_argument`.
  [[nodiscard]] Result<std::unique_ptr<Subscriber>> subscribe(StreamRequest request, std::function<void()> wake);

  /// The server process' random id.
  [[nodiscard]] const std::string& epoch() const;
  [[nodiscard]] std::size_t subscribers() const;
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
