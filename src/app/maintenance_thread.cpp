#include "app/maintenance_thread.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {
namespace {

constexpr Duration between_rounds{1'000};
constexpr Duration between_slices{2};  // leaves the disk and a core to those who wait for answers
constexpr Duration between_counts{60'000};

}  // namespace

MaintenanceThread::MaintenanceThread(Store& store, const Engine& engine, Catalog& catalog, const Clock& clock,
                                     Retention retention, std::uint16_t partitions)
    : store_(store),
      engine_(engine),
      catalog_(catalog),
      clock_(clock),
      retention_(retention),
      partitions_(partitions) {}

void MaintenanceThread::start() {
  thread_ = std::thread([this] { run(); });
}

void MaintenanceThread::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool MaintenanceThread::pause(Duration time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stopping_; });
}

Millis MaintenanceThread::low_water() {
  Millis newest = Millis::never();
  for (std::uint16_t p = 0; p < partitions_; ++p) {
    if (const auto state = store_.state(PartitionId{p})) newest = std::max(newest, state->newest_arrival);
  }
  return std::min(newest, clock_.now());
}

void MaintenanceThread::run() {
  Duration counted = clock_.steady() - between_counts;
  bool more = false;
  while (pause(more ? between_slices : between_rounds)) {
    const Millis now = low_water();
    if (now > Millis::never()) {
      const auto slice = store_.maintain(now, engine_.final_until(), retention_);
      if (!slice) spdlog::warn("maintenance: {}", slice.error().message);
      more = slice && *slice;
    }
    if (clock_.steady() - counted >= between_counts) {
      catalog_.recount(clock_.now());
      counted = clock_.steady();
    }
  }
}

}  // namespace millrace
