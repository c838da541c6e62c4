#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace millrace {

/// A few threads for what would hold a partition up: merging, sorting and committing what was frozen, freeing memory.
/// Jobs start in the order in which they were posted. The destructor runs what was posted and ends the threads.
class CommitPool {
 public:
  using Job = std::move_only_function<void()>;

  explicit CommitPool(std::size_t threads);
  ~CommitPool();
  CommitPool(const CommitPool&) = delete;
  CommitPool& operator=(const CommitPool&) = delete;

  void post(Job job);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace millrace
