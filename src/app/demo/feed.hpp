#pragma once

#include "app/node.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace millrace {

/// Feeds a node with this machine's figures from /proc every second and with the simulated shop, whose last 15 minutes
/// are told at once so that its charts are full from the start. Machine figures are never made up.
class DemoFeed {
 public:
  explicit DemoFeed(Node& node) : node_(node) {}
  ~DemoFeed() { stop(); }
  DemoFeed(const DemoFeed&) = delete;
  DemoFeed& operator=(const DemoFeed&) = delete;

  void start();
  void stop();

 private:
  void run();
  /// Sleeps until `at` of the wall clock; false when it is time to stop.
  bool wait_until(Millis at);

  Node& node_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace millrace
