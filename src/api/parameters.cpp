#include "api/parameters.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace millrace {

std::optional<std::string> Parameters::text(std::string_view name) {
  known_.emplace_back(name);
  const auto value = request_.parameter(name);
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

std::string Parameters::required(std::string_view name, std::string_view example) {
  auto value = text(name);
  if (!value || value->empty()) {
    mistake({ErrorCode::invalid_argument, fmt::format("parameter '{}' is missing, for example {}", name, example)});
    return {};
  }
  return *std::move(value);
}

std::size_t Parameters::whole(std::string_view name, std::size_t standard, std::size_t low, std::size_t high) {
  const auto value = text(name);
  if (!value) return standard;
  std::size_t parsed = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), parsed);
  if (error != std::errc{} || end != value->data() + value->size() || parsed < low || parsed > high) {
    mistake({ErrorCode::invalid_argument,
             fmt::format("parameter '{}' is not valid: write a whole number from {} to {}", name, low, high)});
    return standard;
  }
  return parsed;
}

std::vector<std::string> Parameters::all(std::string_view name) {
  known_.emplace_back(name);
  std::vector<std::string> values;
  for (const auto& [key, value] : request_.query) {
    if (key == name) values.push_back(value);
  }
  return values;
}

std::vector<std::pair<std::string, std::string>> Parameters::prefixed(std::string_view prefix) {
  known_.push_back(std::string(prefix) + "*");
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [key, value] : request_.query) {
    if (key.size() > prefix.size() && key.starts_with(prefix)) found.emplace_back(key.substr(prefix.size()), value);
  }
  return found;
}

void Parameters::mistake(Error error) {
  if (!mistake_) mistake_ = std::move(error);
}

std::optional<Error> Parameters::finish() const {
  if (mistake_) return mistake_;
  for (const auto& [key, value] : request_.query) {
    const std::string_view wanted = key;
    const bool known = std::any_of(known_.begin(), known_.end(), [wanted](const std::string& name) {
      return name == wanted || (name.ends_with('*') && wanted.size() >= name.size() &&
                                wanted.starts_with(std::string_view(name).substr(0, name.size() - 1)));
    });
    if (!known) {
      return Error{ErrorCode::invalid_argument,
                   fmt::format("unknown parameter '{}'; valid here: {}", key, fmt::join(known_, ", "))};
    }
  }
  return std::nullopt;
}

}  // namespace millrace
