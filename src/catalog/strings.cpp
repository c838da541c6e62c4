#include "catalog/strings.hpp"

#include <cstring>
#include <functional>

namespace millrace {

std::optional<std::uint32_t> Strings::find(std::string_view text) const {
  return index_.find(std::hash<std::string_view>{}(text), [&](std::uint32_t number) { return at(number) == text; });
}

std::uint32_t Strings::intern(std::string_view text) {
  if (const auto known = find(text)) return *known;
  const std::uint32_t number = views_.size();
  views_.append(keep(text));
  index_.insert(std::hash<std::string_view>{}(text), number);
  return number;
}

std::string_view Strings::keep(std::string_view text) {
  constexpr std::size_t page = 64 * 1024;
  if (text.empty()) return {};
  if (text.size() > left_) {
    left_ = std::max(page, text.size());
    pages_.push_back(std::make_unique_for_overwrite<char[]>(left_));
    free_ = pages_.back().get();
  }
  char* at = free_;
  std::memcpy(at, text.data(), text.size());
  free_ += text.size();
  left_ -= text.size();
  return {at, text.size()};
}

}  // namespace millrace
