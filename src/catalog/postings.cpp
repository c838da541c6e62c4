#include "catalog/postings.hpp"

#include <algorithm>
#include <cstring>

namespace millrace {

Postings::~Postings() {
  if (capacity_ != 0) delete[] many_;
}

void Postings::swap(Postings& other) noexcept {
  static_assert(sizeof(few_) == sizeof(many_));
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  char ours[sizeof(few_)];
  std::memcpy(ours, &few_, sizeof(few_));
  std::memcpy(&few_, &other.few_, sizeof(few_));
  std::memcpy(&other.few_, ours, sizeof(few_));
}

void Postings::append(std::uint32_t number) {
  const std::uint32_t room = capacity_ == 0 ? few : capacity_;
  if (size_ == room) {
    // By half: the lists are many, and what they waste adds up.
    const std::uint32_t wider = room + std::max(2U, room / 2);
    auto* grown = new std::uint32_t[wider];
    std::copy_n(all().data(), size_, grown);
    if (capacity_ != 0) delete[] many_;
    many_ = grown;
    capacity_ = wider;
  }
  (capacity_ == 0 ? few_ : many_)[size_++] = number;
}

std::size_t ValueIndex::slot(std::uint32_t value) const {
  const std::size_t mask = entries_.size() - 1;
  std::size_t i = (value * 0x9E3779B97F4A7C15ULL >> 32) & mask;
  while (entries_[i].value_and_one != 0 && entries_[i].value_and_one != value + 1) i = (i + 1) & mask;
  return i;
}

void ValueIndex::append(std::uint32_t value, std::uint32_t ordinal) {
  if ((size_ + 1) * 4ULL > entries_.size() * 3) grow();
  Entry& entry = entries_[slot(value)];
  if (entry.value_and_one == 0) {
    entry.value_and_one = value + 1;
    ++size_;
  }
  entry.postings.append(ordinal);
}

std::span<const std::uint32_t> ValueIndex::find(std::uint32_t value) const {
  if (entries_.empty()) return {};
  const Entry& entry = entries_[slot(value)];
  return entry.value_and_one == 0 ? std::span<const std::uint32_t>{} : entry.postings.all();
}

void ValueIndex::grow() {
  std::vector<Entry> old(std::max<std::size_t>(4, entries_.size() * 2));
  old.swap(entries_);
  for (Entry& entry : old) {
    if (entry.value_and_one != 0) entries_[slot(entry.value())] = std::move(entry);
  }
}

}  // namespace millrace
