#include "push/hub.hpp"

#include "push/hub_core.hpp"

#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

namespace millrace {
namespace {

/// Six characters of 36: with `-` and eight digits an id needs no memory of its own.
std::string random_epoch() {
  constexpr std::string_view letters = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::random_device device;
  std::uniform_int_distribution<std::size_t> letter(0, letters.size() - 1);
  std::string epoch;
  for (int i = 0; i < 6; ++i) epoch += letters[letter(device)];
  return epoch;
}

}  // namespace

struct Hub::Impl {
  std::shared_ptr<HubCore> core;
  Duration tick;
  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  std::thread ticker;
  std::thread worker;

  void run_ticks() {
    auto next = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex);
    while (!stopping) {
      // A tick that came late does not make the next ones hurry.
      next = std::max(next + tick, std::chrono::steady_clock::now());
      if (wake.wait_until(lock, next, [this] { return stopping; })) return;
      lock.unlock();
      core->tick();
      lock.lock();
      wake.notify_all();
    }
  }

  void run_work() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      wake.wait(lock, [this] { return stopping || core->has_work(); });
      if (stopping) return;
      lock.unlock();
      core->work();
      lock.lock();
    }
  }

  void stop() {
    {
      const std::scoped_lock lock(mutex);
      stopping = true;
    }
    wake.notify_all();
    if (ticker.joinable()) ticker.join();
    if (worker.joinable()) worker.join();
    core->stop();
  }
};

Hub::Hub(Bus& bus, QueryEngine& queries, const Clock& clock, Metrics& metrics, Duration tick)
    : impl_(std::make_unique<Impl>()) {
  impl_->core =
      std::make_shared<HubCore>(bus, std::make_unique<QueryHistory>(queries), clock, metrics, tick, random_epoch());
  impl_->tick = tick;
  impl_->ticker = std::thread([impl = impl_.get()] { impl->run_ticks(); });
  impl_->worker = std::thread([impl = impl_.get()] { impl->run_work(); });
}

Hub::~Hub() { stop(); }

Result<std::unique_ptr<Subscriber>> Hub::subscribe(StreamRequest request, std::function<void()> wake) {
  return impl_->core->subscribe(std::move(request), std::move(wake));
}

const std::string& Hub::epoch() const { return impl_->core->epoch(); }
std::size_t Hub::subscribers() const { return impl_->core->subscribers(); }
void Hub::stop() { impl_->stop(); }

}  // namespace millrace
