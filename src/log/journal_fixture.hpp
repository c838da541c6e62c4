#pragma once

#include "base/clock.hpp"
#include "base/fault_files.hpp"
#include "base/metrics.hpp"
#include "log/journal.hpp"
#include "log/segment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

/// Holds whoever waits in it until it is opened.
class Gate {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void until_someone_waits() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ > 0; });
  }
  void open() {
    const std::scoped_lock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

/// Names of series in one process; ids begin where the test says, so that two processes number them differently.
class TestNames final : public SeriesNames {
 public:
  explicit TestNames(std::uint32_t first = 0) : first_(first) {}

  SeriesId id(const SeriesKey& key) {
    const std::scoped_lock lock(mutex_);
    const auto [it, added] = ids_.try_emplace(key, first_ + static_cast<std::uint32_t>(keys_.size()));
    if (added) keys_.push_back(key);
    return SeriesId{it->second};
  }
  const SeriesKey& key(SeriesId id) override {
    const std::scoped_lock lock(mutex_);
    return keys_.at(id.value - first_);
  }
  SeriesId adopt(const SeriesKey& key, Millis) override { return id(key); }

 private:
  std::mutex mutex_;
  std::uint32_t first_;
  std::map<SeriesKey, std::uint32_t> ids_;
  std::deque<SeriesKey> keys_;
};

/// Keeps what the log hands over.
class TestReceiver final : public Receiver {
 public:
  struct Got {
    Offset offset;
    std::shared_ptr<const EventBatch> batch;
    std::vector<PartitionId> partitions;  ///< Of a replay.
  };

  bool reserve(const EventBatch&) override {
    const std::scoped_lock lock(mutex_);
    if (room > 0) {
      --room;
      ++reserved;
      return true;
    }
    return false;
  }
  void cancel(const EventBatch&) override {
    const std::scoped_lock lock(mutex_);
    --reserved;
  }
  void deliver(Offset offset, std::shared_ptr<const EventBatch> batch) override {
    const std::scoped_lock lock(mutex_);
    --reserved;
    delivered.push_back({offset, std::move(batch), {}});
  }
  void replay(Offset offset, std::shared_ptr<const EventBatch> batch,
              const std::vector<PartitionId>& partitions) override {
    const std::scoped_lock lock(mutex_);
    replayed.push_back({offset, std::move(batch), partitions});
  }

  int room = 1'000'000'000;
  int reserved = 0;
  std::vector<Got> delivered;
  std::vector<Got> replayed;

 private:
  std::mutex mutex_;
};

/// One process with its journal, on a disk that outlives it.
struct TestProcess {
  explicit TestProcess(FaultFiles& disk, JournalOptions wanted = {}, std::uint32_t first_id = 0)
      : files(disk), options(std::move(wanted)), names(first_id) {
    if (options.directory.empty()) options.directory = "/data/log";
    if (!options.salt) options.salt = 7;
  }

  Result<void> open(ProducerMemory seen = {}) {
    auto opened = Journal::open(options, files, clock, metrics, names, std::move(seen));
    if (!opened) return fail(opened.error());
    journal = std::move(*opened);
    return {};
  }
  Result<void> start(std::vector<Offset> starts = {}) {
    starts.resize(std::max<std::size_t>(starts.size(), options.partitions));
    return journal->start(starts, receiver);
  }
  Result<void> run(std::vector<Offset> starts = {}) {
    if (auto opened = open(); !opened) return opened;
    return start(std::move(starts));
  }

  std::shared_ptr<EventBatch> batch(std::int64_t n, std::uint16_t partitions = 2, const std::string& producer = "",
                                    std::uint64_t sequence = 0) {
    auto made = std::make_shared<EventBatch>();
    made->arrival = Millis{1'800'000'000'000 + n};
    made->producer = producer;
    made->sequence = sequence;
    for (std::uint16_t p = 0; p < partitions; ++p) {
      Section section;
      section.partition = PartitionId{p};
      for (std::int64_t i = 0; i < 3; ++i) {
        const std::string source = "host-" + std::to_string(p) + "-" + std::to_string((n + i) % 5);
        section.series.push_back(names.id({"cpu", source, {{"dc", "x"}}}));
        section.time.push_back(Millis{1'800'000'000'000 + n * 10 + i});
        section.value.push_back(static_cast<double>(n) + static_cast<double>(i) / 100);
      }
      made->sections.push_back(std::move(section));
    }
    return made;
  }

  std::future<Result<Appended>> append(std::shared_ptr<const EventBatch> what) {
    auto promise = std::make_shared<std::promise<Result<Appended>>>();
    auto outcome = promise->get_future();
    journal->append(std::move(what),
                    [promise](Result<Appended> result) mutable { promise->set_value(std::move(result)); });
    return outcome;
  }
  /// Appends batches first .. first + count - 1, each in a group of its own.
  void fill(std::int64_t first, std::int64_t count) {
    for (std::int64_t n = first; n < first + count; ++n) ASSERT_TRUE(append(batch(n)).get());
  }

  /// A batch as events with their names, so that processes can be compared.
  std::string text(const EventBatch& what) {
    std::string out = std::to_string(what.arrival.value) + what.producer + std::to_string(what.sequence);
    for (const Section& section : what.sections) {
      out += " p" + std::to_string(section.partition.value);
      for (std::size_t i = 0; i < section.size(); ++i) {
        const SeriesKey& key = names.key(section.series[i]);
        out += " " + key.metric + "/" + key.source + "/" + std::to_string(key.tags.size()) + "@" +
               std::to_string(section.time[i].value) + "=" + std::to_string(section.value[i]);
      }
    }
    return out;
  }
  std::map<std::uint64_t, std::string> replayed() {
    std::map<std::uint64_t, std::string> all;
    for (const auto& got : receiver.replayed) all.emplace(got.offset.value, text(*got.batch));
    return all;
  }
  std::map<std::uint64_t, std::string> delivered() {
    std::map<std::uint64_t, std::string> all;
    for (const auto& got : receiver.delivered) all.emplace(got.offset.value, text(*got.batch));
    return all;
  }
  std::vector<std::string> segments() {
    auto names_found = files.list(options.directory).value();
    std::erase_if(names_found, [](const std::string& name) { return !segment_first(name); });
    return names_found;
  }
  [[nodiscard]] std::string path(const std::string& name) const { return options.directory + "/" + name; }

  FaultFiles& files;
  JournalOptions options;
  ManualClock clock{Millis{1'800'000'000'000}};
  Metrics metrics;
  TestNames names;
  TestReceiver receiver;
  std::unique_ptr<Journal> journal;
};

}  // namespace millrace
