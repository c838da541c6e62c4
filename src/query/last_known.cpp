#include "query/last_known.hpp"

#include <tuple>

namespace millrace {

Point LastKnown::offer(const std::string& metric, const std::optional<std::string>& source, Point point) {
  const std::scoped_lock lock(mutex_);
  const Key key{metric, source};
  const auto found = kept_.find(key);
  if (found != kept_.end()) {
    uses_.splice(uses_.begin(), uses_, found->second.use);
    Point& kept = found->second.point;
    if (std::tie(kept.timestamp, kept.revision) < std::tie(point.timestamp, point.revision)) kept = std::move(point);
    return kept;
  }
  if (kept_.size() >= most) {
    kept_.erase(uses_.back());
    uses_.pop_back();
  }
  uses_.push_front(key);
  return kept_.emplace(key, Kept{std::move(point), uses_.begin()}).first->second.point;
}

std::optional<Point> LastKnown::find(const std::string& metric, const std::optional<std::string>& source) {
  const std::scoped_lock lock(mutex_);
  const auto found = kept_.find({metric, source});
  if (found == kept_.end()) return std::nullopt;
  uses_.splice(uses_.begin(), uses_, found->second.use);
  return found->second.point;
}

}  // namespace millrace
