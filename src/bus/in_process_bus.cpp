#include "bus/in_process_bus.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

/// Recursive, so that a callback may end its own subscription.
struct InProcessBus::Subscription {
  std::uint64_t id;
  Callback callback;
  std::recursive_mutex running;
  bool ended = false;  ///< Under `running`.
};

std::uint64_t InProcessBus::subscribe(const Topic& topic, Callback callback) {
  auto subscription = std::make_shared<Subscription>();
  subscription->callback = std::move(callback);
  const std::unique_lock lock(mutex_);
  subscription->id = next_++;
  Channel& channel = channels_[topic];
  if (!channel.topic) channel.topic = std::make_shared<const Topic>(topic);
  channel.since = version_.load(std::memory_order_relaxed) + 1;
  channel.subscriptions.push_back(subscription);
  topics_.emplace(subscription->id, topic);
  version_.store(channel.since, std::memory_order_release);
  return subscription->id;
}

void InProcessBus::unsubscribe(std::uint64_t id) {
  std::shared_ptr<Subscription> subscription;
  {
    const std::unique_lock lock(mutex_);
    const auto topic = topics_.find(id);
    if (topic == topics_.end()) return;
    const auto channel = channels_.find(topic->second);
    auto& all = channel->second.subscriptions;
    const auto at = std::ranges::find(all, id, [](const auto& one) { return one->id; });
    subscription = *at;
    all.erase(at);
    if (all.empty()) channels_.erase(channel);
    topics_.erase(topic);
    version_.fetch_add(1, std::memory_order_acq_rel);
  }
  const std::lock_guard running(subscription->running);
  subscription->ended = true;
}

std::vector<Bus::Watch> InProcessBus::watched() const {
  const std::shared_lock lock(mutex_);
  std::vector<Watch> out;
  out.reserve(channels_.size());
  for (const auto& [topic, channel] : channels_) out.push_back({channel.topic, channel.since});
  return out;
}

void InProcessBus::publish(const Update& update) {
  std::vector<std::shared_ptr<Subscription>> receivers;
  {
    const std::shared_lock lock(mutex_);
    const auto channel = channels_.find(*update.topic);
    if (channel == channels_.end()) return;
    receivers = channel->second.subscriptions;
  }
  for (const auto& receiver : receivers) {
    const std::lock_guard running(receiver->running);
    if (!receiver->ended) receiver->callback(update);
  }
}

}  // namespace millrace
