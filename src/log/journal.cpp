#include "log/journal.hpp"

#include "log/segments.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace millrace {
namespace {

/// Encoded bytes that are written and synced at once; what waits beyond goes into the next group.
constexpr std::size_t group_bytes = 8U << 20;
/// What an event takes while it waits: its columns in memory and its bytes as encoded.
constexpr std::uint64_t waiting_event_bytes = 28;

struct Waiting {
  Encoded encoded;
  Log::Done done;
  std::uint64_t bytes = 0;
};

/// A batch of a group, and what became of it.
struct Taken {
  Waiting waiting;
  Result<Appended> outcome = Appended{};
  std::size_t same_as = 0;  ///< Of a duplicate within the group: where the earlier one stands.
  enum class State { write, settled, repeats } state = State::settled;
};

/// Why a batch can't be a block; empty if it can.
std::string refusal(const EventBatch& batch, std::uint16_t partitions) {
  if (batch.sections.empty()) return "a batch without events";
  if (batch.size() > max_block_events) return fmt::format("more than {} events in one batch", max_block_events);
  const Section* before = nullptr;
  for (const Section& section : batch.sections) {
    if (section.size() == 0) return "a section without events";
    if (section.time.size() != section.size() || section.value.size() != section.size())
      return "columns of unequal length";
    if (section.partition.value >= partitions)
      return fmt::format("partition {} of {}", section.partition.value, partitions);
    if (before != nullptr && before->partition >= section.partition) return "sections that are not in order";
    before = &section;
  }
  return {};
}

struct Figures {
  explicit Figures(Metrics& metrics)
      : blocks(metrics.counter("millrace_journal_blocks_total", "Batches made durable in the journal.")),
        events(metrics.counter("millrace_journal_events_total", "Events made durable in the journal.")),
        bytes(metrics.counter("millrace_journal_written_bytes_total", "Bytes appended to journal segments.")),
        groups(metrics.counter("millrace_journal_groups_total", "Groups of batches that shared one fsync.")),
        duplicates(metrics.counter("millrace_journal_duplicates_total",
                                   "Batches acknowledged as duplicates of an earlier one of their producer.")),
        too_old(metrics.counter("millrace_journal_refused_total", "Batches refused by the journal, by reason.",
                                {{"reason", "sequence_too_old"}})),
        full(metrics.counter("millrace_journal_refused_total", "Batches refused by the journal, by reason.",
                             {{"reason", "exhausted"}})),
        failed(metrics.counter("millrace_journal_refused_total", "Batches refused by the journal, by reason.",
                               {{"reason", "failed"}})),
        write_seconds(
            metrics.seconds("millrace_journal_group_seconds", "Time to write and sync one group of batches.")),
        held_bytes(metrics.gauge("millrace_journal_bytes", "Bytes of all journal segments.")),
        segments(metrics.gauge("millrace_journal_segments", "Number of journal segments.")) {}

  Counter& blocks;
  Counter& events;
  Counter& bytes;
  Counter& groups;
  Counter& duplicates;
  Counter& too_old;
  Counter& full;
  Counter& failed;
  Histogram& write_seconds;
  Gauge& held_bytes;
  Gauge& segments;
};

}  // namespace

struct Journal::Impl {
  Impl(JournalOptions wanted, Files& files, const Clock& c, Metrics& metrics, SeriesNames& n, ProducerMemory memory)
      : options(std::move(wanted)),
        clock(c),
        names(n),
        seen(std::move(memory)),
        segments(options, files),
        figures(metrics) {
    released.resize(options.partitions);
  }

  void run();
  void handle(std::deque<Waiting> group, std::uint64_t held);
  void decide(std::deque<Taken>& group);
  void drop_segments();
  void show();

  const JournalOptions options;
  const Clock& clock;
  SeriesNames& names;
  ProducerMemory seen;
  Segments segments;
  Figures figures;
  std::vector<JournalFinding> findings;
  Receiver* receiver = nullptr;
  std::atomic<std::uint64_t> end{0};

  std::mutex mutex;
  std::condition_variable work;
  std::deque<Waiting> queue;
  std::uint64_t held_bytes = 0;  ///< Of batches that wait or are being encoded.
  std::size_t held_batches = 0;
  std::size_t encoding = 0;  ///< Appends that have a place but are not in the queue yet.
  std::vector<Offset> released;
  bool release_news = false;
  bool taking = false;  ///< Between start and stop.
  std::thread writer;
};

void Journal::Impl::run() {
  std::unique_lock lock(mutex);
  while (true) {
    work.wait(lock, [&] { return !queue.empty() || release_news || (!taking && encoding == 0); });
    if (!queue.empty()) {
      std::deque<Waiting> group;
      std::size_t bytes = 0;
      std::uint64_t held = 0;
      while (!queue.empty() && (group.empty() || bytes + queue.front().encoded.sections.size() <= group_bytes)) {
        bytes += queue.front().encoded.sections.size();
        held += queue.front().bytes;
        group.push_back(std::move(queue.front()));
        queue.pop_front();
      }
      lock.unlock();
      handle(std::move(group), held);
      lock.lock();
    } else if (!release_news) {
      return;
    }
    if (std::exchange(release_news, false)) {
      lock.unlock();
      drop_segments();
      lock.lock();
    }
  }
}

void Journal::Impl::decide(std::deque<Taken>& group) {
  std::map<std::pair<std::string_view, std::uint64_t>, std::size_t> in_group;
  for (std::size_t i = 0; i < group.size(); ++i) {
    Taken& taken = group[i];
    const EventBatch& batch = *taken.waiting.encoded.batch;
    if (!batch.producer.empty()) {
      const auto outcome = seen.check(batch.producer, batch.sequence);
      if (outcome == ProducerMemory::Outcome::too_old) {
        taken.outcome = fail(ErrorCode::conflict,
                             fmt::format("sequence_too_old: sequence {} is more than {} below the highest of this "
                                         "producer, so whether it was seen is not known",
                                         batch.sequence, ProducerMemory::window));
        figures.too_old.add();
        continue;
      }
      if (outcome == ProducerMemory::Outcome::duplicate) {
        taken.outcome = Appended{Offset{}, true};
        figures.duplicates.add();
        continue;
      }
      const auto earlier = in_group.find({batch.producer, batch.sequence});
      if (earlier != in_group.end()) {
        taken.same_as = earlier->second;
        taken.state = Taken::State::repeats;
        continue;
      }
    }
    if (!receiver->reserve(batch)) {
      taken.outcome = fail(ErrorCode::exhausted, "a partition's queue is full: try again later");
      figures.full.add();
      continue;
    }
    taken.state = Taken::State::write;
    if (!batch.producer.empty()) in_group.emplace(std::pair(std::string_view(batch.producer), batch.sequence), i);
  }
}

void Journal::Impl::handle(std::deque<Waiting> waiting, std::uint64_t held) {
  std::deque<Taken> group;
  for (Waiting& one : waiting) group.push_back(Taken{std::move(one)});
  decide(group);

  std::vector<const Encoded*> blocks;
  for (const Taken& taken : group) {
    if (taken.state == Taken::State::write) blocks.push_back(&taken.waiting.encoded);
  }
  if (!blocks.empty()) {
    Offset number = segments.end();
    const std::uint64_t bytes = segments.bytes();
    const Duration began = clock.steady();
    const Result<void> written = segments.write(blocks, names);
    if (written) {
      figures.write_seconds.observe(std::chrono::duration<double>(clock.steady() - began).count());
      figures.groups.add();
      figures.blocks.add(static_cast<double>(blocks.size()));
      figures.bytes.add(static_cast<double>(segments.bytes() - bytes));
      end.store(segments.end().value, std::memory_order_release);
    }
    std::size_t events = 0;
    for (Taken& taken : group) {
      if (taken.state != Taken::State::write) continue;
      const std::shared_ptr<const EventBatch>& batch = taken.waiting.encoded.batch;
      if (!written) {
        receiver->cancel(*batch);
        taken.outcome = fail(written.error());
        figures.failed.add();
        continue;
      }
      if (!batch->producer.empty()) seen.note(batch->producer, batch->sequence);
      taken.outcome = Appended{number, false};
      events += batch->size();
      receiver->deliver(number, batch);
      ++number.value;
    }
    figures.events.add(static_cast<double>(events));
  }
  for (Taken& taken : group) {
    if (taken.state == Taken::State::repeats) {
      taken.outcome = group[taken.same_as].outcome;
      if (taken.outcome) {
        taken.outcome->duplicate = true;
        figures.duplicates.add();
      }
    }
  }
  {
    // Before anyone hears of it: who has just been answered finds room for the next.
    const std::scoped_lock lock(mutex);
    held_bytes -= held;
    held_batches -= group.size();
  }
  for (Taken& taken : group) taken.waiting.done(std::move(taken.outcome));
  if (!blocks.empty()) show();
}

void Journal::Impl::drop_segments() {
  std::vector<Offset> by_partition;
  {
    const std::scoped_lock lock(mutex);
    by_partition = released;
  }
  if (const auto dropped = segments.drop(by_partition, clock.now()); !dropped) {
    spdlog::warn("journal: old segments stay: {}", dropped.error().message);
  }
  show();
}

void Journal::Impl::show() {
  figures.held_bytes.set(static_cast<double>(segments.bytes()));
  figures.segments.set(static_cast<double>(segments.count()));
}

Journal::Journal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Journal::~Journal() { stop(); }

Result<std::unique_ptr<Journal>> Journal::open(JournalOptions options, Files& files, const Clock& clock,
                                               Metrics& metrics, SeriesNames& names, ProducerMemory seen) {
  auto impl = std::make_unique<Impl>(std::move(options), files, clock, metrics, names, std::move(seen));
  if (auto opened = impl->segments.open(impl->findings); !opened) return fail(opened.error());
  impl->end = impl->segments.end().value;
  impl->show();
  return std::unique_ptr<Journal>(new Journal(std::move(impl)));
}

std::uint16_t Journal::partitions() const { return impl_->options.partitions; }
Offset Journal::end() const { return Offset{impl_->end.load(std::memory_order_acquire)}; }
const std::vector<JournalFinding>& Journal::findings() const { return impl_->findings; }

Result<void> Journal::start(const std::vector<Offset>& starts, Receiver& receiver) {
  Impl& impl = *impl_;
  if (starts.size() != impl.options.partitions) {
    return fail(ErrorCode::invalid_argument, fmt::format("the journal has {} partitions, {} starts were given",
                                                         impl.options.partitions, starts.size()));
  }
  if (impl.receiver != nullptr) return fail(ErrorCode::invalid_argument, "the journal has been started already");
  const auto take = [&](Offset number, EventBatch batch, const std::vector<PartitionId>& partitions) {
    if (!batch.producer.empty()) impl.seen.note(batch.producer, batch.sequence);
    receiver.replay(number, std::make_shared<const EventBatch>(std::move(batch)), partitions);
  };
  if (auto done = impl.segments.replay(starts, impl.names, take, impl.findings); !done) return done;
  impl.end = impl.segments.end().value;
  impl.receiver = &receiver;
  {
    const std::scoped_lock lock(impl.mutex);
    impl.released = starts;
    impl.taking = true;
    impl.release_news = true;
  }
  impl.writer = std::thread([&impl] { impl.run(); });
  return {};
}

void Journal::append(std::shared_ptr<const EventBatch> batch, Done done) {
  Impl& impl = *impl_;
  if (const std::string why = refusal(*batch, impl.options.partitions); !why.empty()) {
    return done(fail(ErrorCode::invalid_argument, "the journal can't take " + why));
  }
  const std::uint64_t bytes = batch->size() * waiting_event_bytes + sizeof(EventBatch);
  std::optional<Error> refused;
  {
    const std::scoped_lock lock(impl.mutex);
    if (!impl.taking) {
      refused = Error{ErrorCode::unavailable, "the journal takes nothing: it has not started or has been stopped"};
    } else if (impl.held_batches >= impl.options.queue_batches ||
               (impl.held_batches > 0 && impl.held_bytes + bytes > impl.options.queue_bytes)) {
      refused = Error{ErrorCode::exhausted, "the journal's queue is full: try again later"};
      impl.figures.full.add();
    } else {
      ++impl.held_batches;
      impl.held_bytes += bytes;
      ++impl.encoding;
    }
  }
  if (refused) return done(fail(std::move(*refused)));
  Waiting waiting{{std::move(batch), {}}, std::move(done), bytes};
  encode_sections(*waiting.encoded.batch, waiting.encoded.sections);
  const std::scoped_lock lock(impl.mutex);
  --impl.encoding;
  impl.queue.push_back(std::move(waiting));
  impl.work.notify_one();
}

void Journal::release(PartitionId partition, Offset next) {
  const std::scoped_lock lock(impl_->mutex);
  if (partition.value >= impl_->released.size() || next <= impl_->released[partition.value]) return;
  impl_->released[partition.value] = next;
  impl_->release_news = true;
  impl_->work.notify_one();
}

void Journal::stop() {
  {
    const std::scoped_lock lock(impl_->mutex);
    impl_->taking = false;
    impl_->work.notify_one();
  }
  if (impl_->writer.joinable()) impl_->writer.join();
}

}  // namespace millrace
