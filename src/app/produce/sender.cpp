#include "app/produce/sender.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <random>

namespace millrace {
namespace {

std::string random_producer() {
  std::random_device device;
  return fmt::format("produce-{:08x}{:08x}", device(), device());
}

/// 429 and 503 say "later"; everything else that is not 200 would be the same again.
bool worth_another_try(int status) { return status == 429 || status == 502 || status == 503 || status == 504; }

/// Full jitter: a random time up to a limit that doubles with each try.
std::chrono::milliseconds pause_before(int attempt, std::mt19937& random) {
  const int limit = std::min(10'000, 100 << std::min(attempt, 10));
  return std::chrono::milliseconds(std::uniform_int_distribution<int>(0, limit)(random));
}

}  // namespace

Sender::Sender(SenderOptions options) : options_(std::move(options)), producer_(random_producer()) {
  for (std::size_t i = 0; i < options_.under_way; ++i) threads_.emplace_back([this] { work(); });
}

Sender::~Sender() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Sender::add(std::string_view line) {
  if (open_.events > 0 && open_.lines.size() + line.size() + 1 > options_.batch_bytes) flush();
  open_.lines += line;
  open_.lines += '\n';
  if (++open_.events >= options_.batch_events) flush();
}

void Sender::flush() {
  if (open_.events == 0) return;
  open_.sequence = ++sequence_;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.size() < options_.under_way; });
  waiting_.push_back(std::exchange(open_, Batch{}));
  lock.unlock();
  changed_.notify_all();
}

Delivery Sender::finish() {
  flush();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.empty() && busy_ == 0; });
  return delivery_;
}

Delivery Sender::so_far() const {
  const std::scoped_lock lock(mutex_);
  return delivery_;
}

void Sender::work() {
  net::Client client(options_.url);
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const Batch batch = std::move(waiting_.front());
    waiting_.pop_front();
    ++busy_;
    lock.unlock();
    changed_.notify_all();
    deliver(client, batch);
    lock.lock();
    --busy_;
    changed_.notify_all();
  }
}

void Sender::deliver(net::Client& client, const Batch& batch) {
  std::vector<std::pair<std::string, std::string>> headers{{"Content-Type", "application/x-ndjson"},
                                                           {"X-Producer-Id", producer_},
                                                           {"X-Sequence", std::to_string(batch.sequence)}};
  if (!options_.token.empty()) headers.emplace_back("Authorization", "Bearer " + options_.token);
  const std::string target = options_.url.path == "/" ? "/api/v1/events" : options_.url.path;
  std::mt19937 random(std::random_device{}());
  std::string why;
  for (int attempt = 0; attempt < options_.tries; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(pause_before(attempt, random));
    const auto answer = client.request("POST", target, batch.lines, headers);
    if (!answer) {
      why = answer.error().message;
      continue;
    }
    if (answer->status == 200 || (answer->status == 400 && answer->body.starts_with("{\"accepted\""))) {
      return note_answer(batch, *answer);
    }
    why = fmt::format("status {}: {}", answer->status, answer->body);
    if (!worth_another_try(answer->status)) break;
  }
  note_failure(batch, why);
}

void Sender::note_answer(const Batch& batch, const net::ClientResponse& answer) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  const simdjson::padded_string text(answer.body);
  std::uint64_t accepted = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t rejected = 0;
  if (parser.parse(text).get(document) != simdjson::SUCCESS ||
      document["accepted"].get(accepted) != simdjson::SUCCESS ||
      document["duplicates"].get(duplicates) != simdjson::SUCCESS ||
      document["rejected"].get(rejected) != simdjson::SUCCESS) {
    return note_failure(batch, "the answer is not one of a Millrace server: " + answer.body.substr(0, 200));
  }
  const std::scoped_lock lock(mutex_);
  delivery_.accepted += accepted;
  delivery_.duplicates += duplicates;
  delivery_.rejected += rejected;
  simdjson::dom::array errors;
  if (document["errors"].get(errors) != simdjson::SUCCESS) return;
  for (const auto error : errors) {
    std::string_view reason;
    if (error["reason"].get(reason) == simdjson::SUCCESS) ++delivery_.reasons[std::string(reason)];
  }
}

void Sender::note_failure(const Batch& batch, std::string_view why) {
  const std::scoped_lock lock(mutex_);
  delivery_.failed += batch.events;
  if (first_failure_.empty()) {
    first_failure_ = why;
    fmt::print(stderr, "delivery failed: {}\n", why);
  }
  write_dead(batch.lines);
}

void Sender::write_dead(std::string_view lines) {
  if (!dead_.is_open()) dead_.open(options_.dead_letters, std::ios::app | std::ios::binary);
  dead_ << lines << std::flush;
  if (!dead_) fmt::print(stderr, "{}: can't be written: the failed events are lost here\n", options_.dead_letters);
}

}  // namespace millrace
