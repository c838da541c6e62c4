#pragma once

#include "catalog/chunks.hpp"
#include "catalog/hash_index.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace millrace {

/// Strings, each kept once, and their dense numbers. Finding and reading take no lock; one writer at a time interns.
class Strings {
 public:
  /// The number of the string, given now if it is new. For the writer only.
  std::uint32_t intern(std::string_view text);
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view text) const;
  [[nodiscard]] std::string_view at(std::uint32_t number) const { return views_[number]; }

 private:
  std::string_view keep(std::string_view text);

  HashIndex index_;
  Chunks<std::string_view> views_;
  std::vector<std::unique_ptr<char[]>> pages_;
  char* free_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace millrace
