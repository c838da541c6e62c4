#include "base/files.hpp"
#include "log/block.hpp"
#include "log/journal.hpp"
#include "model/partitioning.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <random>

namespace millrace {
namespace {

constexpr std::uint16_t partitions = 4;

/// Work A: 1,000 sources x 10 metrics, two tags, a random walk of two decimals each, one value a second.
class WorkA {
 public:
  static constexpr std::size_t sources = 1'000;
  static constexpr std::size_t metrics = 10;

  explicit WorkA(bool decimals = true) : decimals_(decimals) {
    std::normal_distribution<double> start(50, 10);
    for (std::size_t s = 0; s < sources; ++s) {
      const std::string source = "host-" + std::to_string(10'000 + s);
      for (std::size_t m = 0; m < metrics; ++m) {
        keys_.push_back(
            {"metric_" + std::to_string(m), source, {{"dc", "eu-" + std::to_string(s % 4)}, {"role", "web"}}});
        values_.push_back(start(random_));
        partition_.push_back(partition_of(source, partitions));
      }
    }
  }

  /// Every series once, as 10,000 lines of one request.
  std::shared_ptr<const EventBatch> batch() {
    std::uniform_real_distribution<double> step(-0.5, 0.5);
    auto made = std::make_shared<EventBatch>();
    made->arrival = Millis{1'795'000'000'000 + second_ * 1'000};
    made->sections.resize(partitions);
    for (std::uint16_t p = 0; p < partitions; ++p) made->sections[p].partition = PartitionId{p};
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      values_[i] += step(random_);
      Section& section = made->sections[partition_[i].value];
      section.series.push_back(SeriesId{static_cast<std::uint32_t>(i)});
      section.time.push_back(made->arrival);
      section.value.push_back(decimals_ ? std::round(values_[i] * 100) / 100 : values_[i]);
    }
    ++second_;
    return made;
  }
  [[nodiscard]] const SeriesKey& key(std::size_t i) const { return keys_.at(i); }
  [[nodiscard]] std::size_t size() const { return keys_.size(); }

 private:
  bool decimals_;
  std::mt19937_64 random_{1};
  std::vector<SeriesKey> keys_;
  std::vector<double> values_;
  std::vector<PartitionId> partition_;
  std::int64_t second_ = 0;
};

class WorkANames final : public SeriesNames {
 public:
  explicit WorkANames(const WorkA& work) : work_(work) {}
  const SeriesKey& key(SeriesId id) override { return work_.key(id.value); }
  SeriesId adopt(const SeriesKey&, Millis) override { return SeriesId{adopted_++}; }

 private:
  const WorkA& work_;
  std::uint32_t adopted_ = 0;
};

class NullReceiver final : public Receiver {
 public:
  bool reserve(const EventBatch&) override { return true; }
  void cancel(const EventBatch&) override {}
  void deliver(Offset, std::shared_ptr<const EventBatch>) override {}
  void replay(Offset, std::shared_ptr<const EventBatch> batch, const std::vector<PartitionId>&) override {
    events += batch->size();
  }
  std::size_t events = 0;
};

void per_event(benchmark::State& state, std::size_t events, std::size_t bytes) {
  state.counters["events"] = benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
  // Seconds of CPU for 10^9 events are nanoseconds for one.
  state.counters["ns_an_event"] =
      benchmark::Counter(static_cast<double>(events) * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  if (bytes > 0) state.counters["B_an_event"] = static_cast<double>(bytes) / static_cast<double>(events);
}

/// The part on the caller's thread. Argument: 1 two decimals, 0 all digits.
void EncodeSections(benchmark::State& state) {
  WorkA work(state.range(0) == 1);
  std::vector<std::shared_ptr<const EventBatch>> batches;
  for (int i = 0; i < 20; ++i) batches.push_back(work.batch());
  std::size_t events = 0;
  std::size_t bytes = 0;
  std::size_t next = 0;
  for (auto _ : state) {
    const auto& batch = batches[next++ % batches.size()];
    std::string out;
    encode_sections(*batch, out);
    benchmark::DoNotOptimize(out.data());
    events += batch->size();
    bytes += out.size();
  }
  per_event(state, events, bytes);
}
BENCHMARK(EncodeSections)->Arg(1)->Arg(0);

void DecodeBlock(benchmark::State& state) {
  WorkA work(state.range(0) == 1);
  const auto batch = work.batch();
  std::string sections;
  encode_sections(*batch, sections);
  std::string bytes;
  encode_block({Offset{1}, Offset{1}}, 1, *batch, {}, sections, bytes);
  SeriesMap map;
  for (std::uint32_t i = 0; i < work.size(); ++i) map.define(i, SeriesId{i});
  std::size_t events = 0;
  for (auto _ : state) {
    const auto block = read_block(bytes, 1);
    auto read = decode_batch(*block, map);
    events += read->size();
    benchmark::DoNotOptimize(read);
  }
  per_event(state, events, 0);
}
BENCHMARK(DecodeBlock)->Arg(1)->Arg(0);

struct Folder {
  Folder() {
    std::string name = (std::filesystem::current_path() / "millrace-journal-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path)) sum += entry.file_size();
    return sum;
  }
  std::string path;
};

/// Hands in `count` batches with at most `under_way` at once, and waits for all.
std::size_t append_all(Log& log, WorkA& work, int count, int under_way) {
  std::mutex mutex;
  std::condition_variable changed;
  int waiting = 0;
  std::size_t events = 0;
  for (int i = 0; i < count; ++i) {
    const auto batch = work.batch();
    events += batch->size();
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return waiting < under_way; });
    ++waiting;
    lock.unlock();
    log.append(batch, [&](Result<Appended> result) {
      if (!result) std::abort();
      const std::scoped_lock done(mutex);
      --waiting;
      changed.notify_one();
    });
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return waiting == 0; });
  return events;
}

/// On this machine's disk, batches of 10,000 events, 4 under way. CPU includes making the batches.
void Append(benchmark::State& state) {
  WorkA work;
  std::size_t events = 0;
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    const Folder folder;
    SystemFiles files;
    SystemClock clock;
    Metrics metrics;
    WorkANames names(work);
    NullReceiver receiver;
    JournalOptions options;
    options.directory = folder.path;
    auto journal = Journal::open(options, files, clock, metrics, names, {});
    if (!journal || !(*journal)->start(std::vector<Offset>(partitions), receiver)) std::abort();
    events += append_all(**journal, work, 100, 4);
    (*journal)->stop();
    bytes += folder.bytes();
  }
  per_event(state, events, bytes);
}
BENCHMARK(Append)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

/// 10 M events that the store has not seen, read back at a start.
void Replay(benchmark::State& state) {
  WorkA work;
  const Folder folder;
  SystemFiles files;
  SystemClock clock;
  JournalOptions options;
  options.directory = folder.path;
  {
    Metrics metrics;
    WorkANames names(work);
    NullReceiver receiver;
    auto journal = Journal::open(options, files, clock, metrics, names, {});
    if (!journal || !(*journal)->start(std::vector<Offset>(partitions), receiver)) std::abort();
    append_all(**journal, work, 1'000, 4);
  }
  std::size_t events = 0;
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    bytes += folder.bytes();
    Metrics metrics;
    WorkANames names(work);
    NullReceiver receiver;
    auto journal = Journal::open(options, files, clock, metrics, names, {});
    if (!journal || !(*journal)->start(std::vector<Offset>(partitions), receiver)) std::abort();
    events += receiver.events;
  }
  per_event(state, events, bytes);
}
BENCHMARK(Replay)->Unit(benchmark::kMillisecond)->Iterations(3)->UseRealTime();

}  // namespace
}  // namespace millrace

BENCHMARK_MAIN();
