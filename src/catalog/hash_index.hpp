#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace millrace {

/// From hashes to dense numbers below 2^32 - 1. Finding takes no lock; one writer at a time inserts.
/// Whoever finds a number also sees everything that its writer did before inserting it.
class HashIndex {
 public:
  HashIndex() { publish(std::make_unique<Table>(64)); }

  /// The number under this hash for which `same` says yes.
  template <class Same>
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint64_t hash, Same&& same) const {
    const Table& table = *current_.load(std::memory_order_acquire);
    const std::uint32_t mark = mark_of(hash);
    for (std::size_t i = table.start(mark);; i = (i + 1) & table.mask) {
      const std::uint64_t slot = table.slots[i].load(std::memory_order_acquire);
      if (slot == 0) return std::nullopt;
      if (static_cast<std::uint32_t>(slot >> 32) != mark) continue;
      const auto number = static_cast<std::uint32_t>(slot) - 1;
      if (same(number)) return number;
    }
  }

  /// For the writer only, and only for what is not there yet.
  void insert(std::uint64_t hash, std::uint32_t number) {
    if ((size_ + 1) * 4 > (tables_.back()->mask + 1) * 3) grow();
    tables_.back()->put((static_cast<std::uint64_t>(mark_of(hash)) << 32) | (number + 1));
    ++size_;
  }

 private:
  struct Table {
    explicit Table(std::size_t size) : mask(size - 1), slots(std::make_unique<std::atomic<std::uint64_t>[]>(size)) {}
    [[nodiscard]] std::size_t start(std::uint32_t mark) const { return mark & mask; }
    void put(std::uint64_t slot) {
      std::size_t i = start(static_cast<std::uint32_t>(slot >> 32));
      while (slots[i].load(std::memory_order_relaxed) != 0) i = (i + 1) & mask;
      slots[i].store(slot, std::memory_order_release);
    }
    std::size_t mask;
    std::unique_ptr<std::atomic<std::uint64_t>[]>
        slots;  ///< Upper half: the hash's mark; lower half: number + 1; 0: free.
  };

  static std::uint32_t mark_of(std::uint64_t hash) {
    return static_cast<std::uint32_t>((hash * 0x9E3779B97F4A7C15ULL) >> 32);
  }
  void publish(std::unique_ptr<Table> table) {
    current_.store(table.get(), std::memory_order_release);
    tables_.push_back(std::move(table));
  }
  void grow() {
    const Table& old = *tables_.back();
    auto wider = std::make_unique<Table>((old.mask + 1) * 2);
    for (std::size_t i = 0; i <= old.mask; ++i) {
      const std::uint64_t slot = old.slots[i].load(std::memory_order_relaxed);
      if (slot != 0) wider->put(slot);
    }
    publish(std::move(wider));
  }

  std::atomic<const Table*> current_{nullptr};
  /// Outgrown ones stay: somebody may still be reading them. Together they are no larger than the last.
  std::vector<std::unique_ptr<Table>> tables_;
  std::size_t size_ = 0;
};

}  // namespace millrace
