#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace millrace {

/// Ascending numbers in 16 bytes and, from the third on, one allocation: most values of most tags have few series.
class Postings {
 public:
  Postings() = default;
  Postings(Postings&& other) noexcept { swap(other); }
  Postings& operator=(Postings&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Postings();

  /// Appends a number that is higher than all before it.
  void append(std::uint32_t number);
  [[nodiscard]] std::span<const std::uint32_t> all() const { return {capacity_ == 0 ? few_ : many_, size_}; }

 private:
  static constexpr std::uint32_t few = 2;
  void swap(Postings& other) noexcept;

  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;  ///< 0: in place.
  union {
    std::uint32_t few_[few] = {};
    std::uint32_t* many_;
  };
};

/// The postings of each value of one tag key: a flat hash table by the value's string number.
class ValueIndex {
 public:
  struct Entry {
    std::uint32_t value_and_one = 0;  ///< 0: free.
    Postings postings;
    [[nodiscard]] std::uint32_t value() const { return value_and_one - 1; }
  };

  void append(std::uint32_t value, std::uint32_t ordinal);
  /// Empty if the value is not there.
  [[nodiscard]] std::span<const std::uint32_t> find(std::uint32_t value) const;
  [[nodiscard]] std::uint32_t size() const { return size_; }

  /// Calls `visit(value, ordinals)` for each value, in no order.
  template <class Visit>
  void each(Visit&& visit) const {
    for (const Entry& entry : entries_) {
      if (entry.value_and_one != 0) visit(entry.value(), entry.postings.all());
    }
  }

 private:
  [[nodiscard]] std::size_t slot(std::uint32_t value) const;
  void grow();

  std::vector<Entry> entries_;
  std::uint32_t size_ = 0;
};

}  // namespace millrace
