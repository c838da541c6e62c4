#pragma once

#include "base/result.hpp"

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace millrace {

/// Which batches of which producers have been seen: per producer the highest sequence and a window of 1,024 below it.
/// Bounded to 10,000 producers, the longest unused goes first. Its answers depend on the calls alone, so a replay
/// gives the same memory.
/// Bytes: docs/formats/producer_memory.md.
class ProducerMemory {
 public:
  ProducerMemory() = default;
  ProducerMemory(const ProducerMemory& other) { *this = other; }
  ProducerMemory(ProducerMemory&& other) noexcept = default;
  ProducerMemory& operator=(const ProducerMemory& other);
  ProducerMemory& operator=(ProducerMemory&& other) noexcept = default;
  ~ProducerMemory() = default;

  static constexpr std::size_t window = 1024;
  static constexpr std::size_t max_producers = 10'000;

  enum class Outcome { fresh, duplicate, too_old };

  /// What a batch with this sequence would be.
  [[nodiscard]] Outcome check(std::string_view producer, std::uint64_t sequence) const;
  /// Notes it as seen; answers what it was before.
  Outcome note(std::string_view producer, std::uint64_t sequence);
  /// Adds all that `other` has seen.
  void merge(const ProducerMemory& other);

  [[nodiscard]] std::size_t size() const { return producers_.size(); }
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static Result<ProducerMemory> decode(std::string_view bytes);

 private:
  struct Seen {
    std::uint64_t highest = 0;
    std::bitset<window> below;  ///< bit i: highest - 1 - i has been seen.
    std::list<std::string>::iterator age;

    [[nodiscard]] Outcome outcome(std::uint64_t sequence) const;
    void raise(std::uint64_t sequence);
    void mark(std::uint64_t sequence);
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  Seen& youngest(std::string_view producer, std::uint64_t sequence);

  std::list<std::string> by_age_;  ///< Longest unused first.
  std::unordered_map<std::string, Seen, Hash, std::equal_to<>> producers_;
};

}  // namespace millrace
