#pragma once

#include "base/result.hpp"
#include "net/server.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// A request's query parameters, read strictly: a name that nobody asked for is an error that lists the valid ones.
class Parameters {
 public:
  explicit Parameters(const net::Request& request) : request_(request) {}

  /// The first value of `name`.
  [[nodiscard]] std::optional<std::string> text(std::string_view name);
  /// The same; an absent or empty one is noted as a mistake.
  [[nodiscard]] std::string required(std::string_view name, std::string_view example);
  /// A whole number in [low, high]; another is noted as a mistake.
  [[nodiscard]] std::size_t whole(std::string_view name, std::size_t standard, std::size_t low, std::size_t high);
  /// Every value of `name`, in order.
  [[nodiscard]] std::vector<std::string> all(std::string_view name);
  /// All parameters whose names start with `prefix`: (rest of the name, value).
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> prefixed(std::string_view prefix);
  /// Notes a mistake found by the caller.
  void mistake(Error error);

  /// The first mistake, if any; unknown parameters count. Call when everything has been asked for.
  [[nodiscard]] std::optional<Error> finish() const;

 private:
  const net::Request& request_;
  std::vector<std::string> known_;
  std::optional<Error> mistake_;
};

}  // namespace millrace
