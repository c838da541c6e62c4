#include "model/producer_memory.hpp"

#include "base/bytes.hpp"

namespace millrace {
namespace {

constexpr std::uint8_t format_version = 1;

}  // namespace

ProducerMemory& ProducerMemory::operator=(const ProducerMemory& other) {
  if (this == &other) return *this;
  by_age_ = other.by_age_;
  producers_ = other.producers_;
  // The copied iterators still point into the other's list.
  for (auto at = by_age_.begin(); at != by_age_.end(); ++at) producers_.find(*at)->second.age = at;
  return *this;
}

ProducerMemory::Outcome ProducerMemory::Seen::outcome(std::uint64_t sequence) const {
  if (sequence > highest) return Outcome::fresh;
  if (sequence == highest) return Outcome::duplicate;
  const std::uint64_t back = highest - sequence - 1;
  if (back >= window) return Outcome::too_old;
  return below.test(static_cast<std::size_t>(back)) ? Outcome::duplicate : Outcome::fresh;
}

void ProducerMemory::Seen::raise(std::uint64_t sequence) {
  if (sequence <= highest) return;
  const std::uint64_t by = sequence - highest;
  if (by > window) {
    below.reset();
  } else {
    below <<= static_cast<std::size_t>(by);
    below.set(static_cast<std::size_t>(by - 1));
  }
  highest = sequence;
}

void ProducerMemory::Seen::mark(std::uint64_t sequence) {
  if (sequence > highest) return raise(sequence);
  const std::uint64_t back = highest - sequence;
  if (back >= 1 && back <= window) below.set(static_cast<std::size_t>(back - 1));
}

ProducerMemory::Outcome ProducerMemory::check(std::string_view producer, std::uint64_t sequence) const {
  const auto found = producers_.find(producer);
  return found == producers_.end() ? Outcome::fresh : found->second.outcome(sequence);
}

ProducerMemory::Seen& ProducerMemory::youngest(std::string_view producer, std::uint64_t sequence) {
  const auto found = producers_.find(producer);
  if (found != producers_.end()) {
    by_age_.splice(by_age_.end(), by_age_, found->second.age);
    return found->second;
  }
  if (producers_.size() >= max_producers) {
    producers_.erase(by_age_.front());
    by_age_.pop_front();
  }
  by_age_.emplace_back(producer);
  Seen& seen = producers_[by_age_.back()];
  seen.age = std::prev(by_age_.end());
  seen.highest = sequence;
  return seen;
}

ProducerMemory::Outcome ProducerMemory::note(std::string_view producer, std::uint64_t sequence) {
  const Outcome before = check(producer, sequence);
  youngest(producer, sequence).mark(sequence);
  return before;
}

void ProducerMemory::merge(const ProducerMemory& other) {
  if (this == &other) return;
  for (const std::string& producer : other.by_age_) {
    const Seen& theirs = other.producers_.find(producer)->second;
    Seen& ours = youngest(producer, theirs.highest);
    ours.raise(theirs.highest);
    const std::uint64_t behind = ours.highest - theirs.highest;
    if (behind > window) continue;
    ours.below |= theirs.below << static_cast<std::size_t>(behind);
    if (behind > 0) ours.below.set(static_cast<std::size_t>(behind - 1));
  }
}

std::string ProducerMemory::encode() const {
  std::string out;
  ByteWriter writer(out);
  writer.fixed(format_version);
  writer.varint(producers_.size());
  for (const std::string& producer : by_age_) {
    const Seen& seen = producers_.find(producer)->second;
    writer.string(producer);
    writer.varint(seen.highest);
    // Runs of equal bits, seen ones first: most producers are one run.
    std::string runs;
    ByteWriter run_writer(runs);
    std::size_t count = 0;
    bool bit = true;
    std::size_t left = seen.below.count();
    for (std::size_t at = 0; left > 0; bit = !bit, ++count) {
      const std::size_t start = at;
      while (at < window && seen.below.test(at) == bit) ++at;
      run_writer.varint(at - start);
      if (bit) left -= at - start;
    }
    writer.varint(count);
    writer.raw(runs);
  }
  return out;
}

Result<ProducerMemory> ProducerMemory::decode(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto version = reader.fixed<std::uint8_t>();
  if (!reader.ok()) return fail(ErrorCode::corrupt, "producer memory: no bytes");
  if (version != format_version) {
    return fail(ErrorCode::unsupported_version, "producer memory: version " + std::to_string(version) + " is unknown");
  }
  const std::uint64_t producers = reader.varint();
  if (producers > max_producers) return fail(ErrorCode::corrupt, "producer memory: too many producers");
  ProducerMemory memory;
  for (std::uint64_t i = 0; i < producers; ++i) {
    const std::string_view producer = reader.string();
    const std::uint64_t highest = reader.varint();
    const std::uint64_t runs = reader.varint();
    if (!reader.ok()) return fail(ErrorCode::corrupt, "producer memory: truncated");
    if (memory.producers_.contains(producer)) return fail(ErrorCode::corrupt, "producer memory: a producer twice");
    Seen& seen = memory.youngest(producer, highest);
    std::size_t at = 0;
    for (std::uint64_t run = 0; run < runs && reader.ok(); ++run) {
      const std::uint64_t length = reader.varint();
      if (length > window - at) return fail(ErrorCode::corrupt, "producer memory: a run beyond the window");
      const auto end = at + static_cast<std::size_t>(length);
      for (; at < end; ++at) seen.below.set(at, run % 2 == 0);
    }
  }
  if (!reader.ok() || reader.left() != 0) return fail(ErrorCode::corrupt, "producer memory: not the length it says");
  return memory;
}

}  // namespace millrace
