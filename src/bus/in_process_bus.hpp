#pragma once

#include "bus/bus.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <vector>

namespace millrace {

/// The embedded Bus: callbacks are called at once, on the publisher's thread.
///
/// Contract: as Bus. unsubscribe() waits for the one callback of this subscription that may be running, so what it
/// captured may be destroyed afterwards; called from inside that callback it returns at once and the callback is never
/// called again. A callback may subscribe and unsubscribe. Safe from any thread.
class InProcessBus final : public Bus {
 public:
  InProcessBus() = default;
  InProcessBus(const InProcessBus&) = delete;
  InProcessBus& operator=(const InProcessBus&) = delete;

  [[nodiscard]] std::uint64_t subscribe(const Topic& topic, Callback callback) override;
  void unsubscribe(std::uint64_t subscription) override;
  [[nodiscard]] std::uint64_t watch_version() const override { return version_.load(std::memory_order_acquire); }
  [[nodiscard]] std::vector<Watch> watched() const override;
  void publish(const Update& update) override;

 private:
  struct Subscription;
  struct Channel {
    std::shared_ptr<const Topic> topic;
    std::uint64_t since = 0;
    std::vector<std::shared_ptr<Subscription>> subscriptions;
  };

  mutable std::shared_mutex mutex_;
  std::map<Topic, Channel> channels_;
  std::map<std::uint64_t, Topic> topics_;  ///< By subscription.
  std::uint64_t next_ = 1;
  std::atomic<std::uint64_t> version_{0};
};

}  // namespace millrace
