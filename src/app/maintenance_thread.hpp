#pragma once

#include "base/clock.hpp"
#include "catalog/catalog.hpp"
#include "store/store.hpp"
#include "stream/engine.hpp"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace millrace {

/// Background work: slices of Store::maintain while there is more, and the count of active series once a minute.
class MaintenanceThread {
 public:
  MaintenanceThread(Store& store, const Engine& engine, Catalog& catalog, const Clock& clock, Retention retention,
                    std::uint16_t partitions);
  ~MaintenanceThread() { stop(); }
  MaintenanceThread(const MaintenanceThread&) = delete;
  MaintenanceThread& operator=(const MaintenanceThread&) = delete;

  void start();
  void stop();

 private:
  void run();
  [[nodiscard]] bool pause(Duration time);
  /// min(clock, newest committed arrival), so that a jumping clock deletes nothing; never() before the first commit.
  [[nodiscard]] Millis low_water();

  Store& store_;
  const Engine& engine_;
  Catalog& catalog_;
  const Clock& clock_;
  Retention retention_;
  std::uint16_t partitions_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace millrace
