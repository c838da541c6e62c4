#pragma once

#include "base/result.hpp"
#include "net/client.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace millrace {

/// How `produce` sends.
struct SenderOptions {
  net::Url url;
  std::string token;
  std::string dead_letters;  ///< File that failed events go to; made when the first one fails.
  std::size_t batch_events = 10'000;
  std::size_t batch_bytes = 1'000'000;
  std::size_t under_way = 4;  ///< Requests at once, each on a connection of its own.
  int tries = 8;              ///< Of one batch, before it is a failed delivery.
};

/// What came of everything sent so far.
struct Delivery {
  std::uint64_t accepted = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t rejected = 0;                    ///< Refused by the server, by rule: another try would not help.
  std::uint64_t failed = 0;                      ///< Could not be delivered: these are in the dead-letter file.
  std::map<std::string, std::uint64_t> reasons;  ///< Of rejected events, as far as answers list them.
};

/// Sends NDJSON lines in batches over HTTP, with a producer id and a sequence, so that a try again after a lost
/// answer counts nothing twice. Keeps `under_way` requests going; add() waits when all are busy.
class Sender {
 public:
  explicit Sender(SenderOptions options);
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  /// One event: a JSON object without line break.
  void add(std::string_view line);
  /// Sends what has been added without waiting for a full batch.
  void flush();
  /// Sends the rest and waits for every answer.
  Delivery finish();
  [[nodiscard]] Delivery so_far() const;

 private:
  struct Batch {
    std::string lines;
    std::uint64_t events = 0;
    std::uint64_t sequence = 0;
  };

  void work();
  void deliver(net::Client& client, const Batch& batch);
  void note_answer(const Batch& batch, const net::ClientResponse& answer);
  void note_failure(const Batch& batch, std::string_view why);
  void write_dead(std::string_view lines);

  SenderOptions options_;
  std::string producer_;
  Batch open_;
  std::uint64_t sequence_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> waiting_;
  std::size_t busy_ = 0;
  bool ending_ = false;
  Delivery delivery_;
  std::ofstream dead_;
  std::string first_failure_;
  std::vector<std::thread> threads_;
};

}  // namespace millrace
