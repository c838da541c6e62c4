#include "catalog/metric_index.hpp"

#include <algorithm>
#include <bit>

namespace millrace {

/// A set of ordinals, all at first.
class MetricIndex::Selection {
 public:
  explicit Selection(std::size_t size) : size_(size), words_((size + 63) / 64, ~0ULL), scratch_(words_.size()) {
    if (size % 64 != 0) words_.back() = (1ULL << (size % 64)) - 1;
  }

  /// Collects ordinals for the next keep() or drop().
  void collect(std::span<const std::uint32_t> ordinals) {
    for (const std::uint32_t ordinal : ordinals) scratch_[ordinal / 64] |= 1ULL << (ordinal % 64);
  }
  void keep() {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= scratch_[i];
    std::fill(scratch_.begin(), scratch_.end(), 0);
  }
  void drop() {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= ~scratch_[i];
    std::fill(scratch_.begin(), scratch_.end(), 0);
  }
  [[nodiscard]] std::vector<SeriesId> pick(const std::vector<SeriesId>& ids) const {
    std::size_t count = 0;
    for (const std::uint64_t word : words_) count += static_cast<std::size_t>(std::popcount(word));
    if (count == size_) return ids;
    std::vector<SeriesId> picked;
    picked.reserve(count);
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t word = words_[i]; word != 0; word &= word - 1) {
        picked.push_back(ids[(i * 64) + static_cast<std::size_t>(std::countr_zero(word))]);
      }
    }
    return picked;
  }

 private:
  std::size_t size_;
  std::vector<std::uint64_t> words_;
  std::vector<std::uint64_t> scratch_;
};

void MetricIndex::append(const SeriesDefinition& definition, Strings& strings) {
  const auto ordinal = static_cast<std::uint32_t>(ids_.size());
  ids_.push_back(definition.id);
  sources_.append(strings.intern(definition.key.source), ordinal);
  for (const auto& [key, value] : definition.key.tags)
    tags_[strings.intern(key)].append(strings.intern(value), ordinal);
}

const ValueIndex* MetricIndex::values_of(std::string_view key, const Strings& strings) const {
  if (key.empty()) return &sources_;
  const auto number = strings.find(key);
  if (!number) return nullptr;
  const auto found = tags_.find(*number);
  return found == tags_.end() ? nullptr : &found->second;
}

void MetricIndex::narrow(Selection& selection, const Matcher& matcher, const ValueIndex* values,
                         const Strings& strings) {
  // A matcher that the empty value passes also passes series without the tag: those stand in no posting, so what is
  // collected are the values that fail, to be dropped.
  const bool absent_passes = matcher.matches({});
  const bool few_pass = matcher.op == Matcher::Op::equals || matcher.op == Matcher::Op::in;
  if (values != nullptr) {
    if (few_pass != absent_passes && matcher.op != Matcher::Op::prefix) {
      // The values named are the ones to collect: those that pass, or for != the one that fails.
      for (const std::string& value : matcher.values) {
        if (const auto number = strings.find(value)) selection.collect(values->find(*number));
      }
    } else {
      values->each([&](std::uint32_t value, std::span<const std::uint32_t> ordinals) {
        if (matcher.matches(strings.at(value)) != absent_passes) selection.collect(ordinals);
      });
    }
  }
  if (absent_passes) {
    selection.drop();
  } else {
    selection.keep();
  }
}

std::vector<SeriesId> MetricIndex::select(const Selector& selector, const Strings& strings) const {
  if (selector.source && selector.matchers.empty()) {
    const auto number = strings.find(*selector.source);
    std::vector<SeriesId> picked;
    if (!number) return picked;
    for (const std::uint32_t ordinal : sources_.find(*number)) picked.push_back(ids_[ordinal]);
    return picked;
  }
  Selection selection(ids_.size());
  if (selector.source) {
    narrow(selection, {.key = {}, .op = Matcher::Op::equals, .values = {*selector.source}}, &sources_, strings);
  }
  for (const Matcher& matcher : selector.matchers) narrow(selection, matcher, values_of(matcher.key, strings), strings);
  return selection.pick(ids_);
}

std::vector<std::string_view> MetricIndex::values(std::string_view key, std::string_view prefix,
                                                  const Strings& strings) const {
  std::vector<std::string_view> found;
  const ValueIndex* values = values_of(key, strings);
  if (values == nullptr) return found;
  values->each([&](std::uint32_t value, std::span<const std::uint32_t>) {
    const std::string_view text = strings.at(value);
    if (text.starts_with(prefix)) found.push_back(text);
  });
  return found;
}

std::vector<std::string_view> MetricIndex::tag_keys(const Strings& strings) const {
  std::vector<std::string_view> keys;
  keys.reserve(tags_.size());
  for (const auto& [key, values] : tags_) keys.push_back(strings.at(key));
  return keys;
}

}  // namespace millrace
