#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace millrace {

/// An array that grows without moving what is in it: chunks of 1,024, 2,048, 4,096 ... elements.
/// One writer at a time appends; anyone reads an element whose index reached him through an acquire.
template <class T>
class Chunks {
 public:
  Chunks() = default;
  Chunks(const Chunks&) = delete;
  Chunks& operator=(const Chunks&) = delete;
  ~Chunks() {
    for (std::uint32_t i = 0; i < size_; ++i) std::destroy_at(&(*this)[i]);
    for (auto& chunk : chunks_) ::operator delete(chunk.load(std::memory_order_relaxed));
  }

  /// Appends and answers the new element. For the writer only.
  template <class... Args>
  T& append(Args&&... args) {
    const auto [chunk, at] = locate(size_);
    T* base = chunks_[chunk].load(std::memory_order_relaxed);
    if (base == nullptr) {
      base = static_cast<T*>(::operator new(sizeof(T) * (first << chunk)));
      chunks_[chunk].store(base, std::memory_order_release);
    }
    T* made = std::construct_at(base + at, std::forward<Args>(args)...);
    ++size_;
    return *made;
  }
  /// For the writer only.
  [[nodiscard]] std::uint32_t size() const { return size_; }

  [[nodiscard]] T& operator[](std::uint32_t i) const {
    const auto [chunk, at] = locate(i);
    return chunks_[chunk].load(std::memory_order_acquire)[at];
  }

 private:
  static constexpr std::size_t first = 1024;
  static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);

  static std::pair<std::size_t, std::size_t> locate(std::uint32_t i) {
    const std::size_t shifted = i + first;
    const auto chunk = static_cast<std::size_t>(std::bit_width(shifted) - std::bit_width(first));
    return {chunk, shifted - (first << chunk)};
  }

  std::array<std::atomic<T*>, 23> chunks_{};
  std::uint32_t size_ = 0;
};

}  // namespace millrace
