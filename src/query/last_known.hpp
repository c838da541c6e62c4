#pragma once

#include "query/query.hpp"

#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace millrace {

/// The newest point seen of each metric or source: what is told when nothing else answers. Bounded, the longest
/// unused goes first. Thread-safe.
class LastKnown {
 public:
  static constexpr std::size_t most = 4'096;

  /// Notes a point, answers the newer of it and the one kept.
  [[nodiscard]] Point offer(const std::string& metric, const std::optional<std::string>& source, Point point);
  [[nodiscard]] std::optional<Point> find(const std::string& metric, const std::optional<std::string>& source);

 private:
  using Key = std::pair<std::string, std::optional<std::string>>;
  struct Kept {
    Point point;
    std::list<Key>::iterator use;
  };
  std::mutex mutex_;
  std::map<Key, Kept> kept_;
  std::list<Key> uses_;  ///< Most recently used first.
};

}  // namespace millrace
