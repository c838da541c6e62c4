#include "query/selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace millrace {
namespace {

constexpr std::size_t kept_selections = 64;

/// What a series' group is told by.
std::pair<std::string, Tags> label(const SeriesKey& key, const Grouping& grouping) {
  switch (grouping.kind) {
    case Grouping::Kind::series: return {key.source, key.tags};
    case Grouping::Kind::source: return {key.source, {}};
    case Grouping::Kind::tag:
      for (const auto& [name, value] : key.tags) {
        if (name == grouping.key) return {{}, {{name, value}}};
      }
      return {{}, {{grouping.key, ""}}};
    case Grouping::Kind::none: break;
  }
  return {};
}

}  // namespace

Result<Grouping> parse_grouping(std::string_view text) {
  if (text == "source") return Grouping{Grouping::Kind::source, {}};
  if (text.starts_with("tag.") && text.size() > 4) return Grouping{Grouping::Kind::tag, std::string(text.substr(4))};
  return fail(ErrorCode::invalid_argument, "grouping is not valid: write source or tag.KEY");
}

std::uint32_t GroupFinder::operator()(SeriesId series) {
  if (selection_.group_of.empty()) return 0;
  const auto& all = selection_.series;
  if (at_ < all.size() && all[at_] == series) return selection_.group_of[at_];
  if (at_ + 1 < all.size() && all[at_ + 1] == series) return selection_.group_of[++at_];
  at_ = static_cast<std::size_t>(std::lower_bound(all.begin(), all.end(), series) - all.begin());
  return at_ < all.size() ? selection_.group_of[at_] : 0;
}

std::shared_ptr<const Selection> Selections::make(MetricId metric, const Selector& selector,
                                                  const Grouping& grouping) const {
  auto made = std::make_shared<Selection>();
  made->metric = metric;
  made->series = catalog_.select(selector);
  if (grouping.kind == Grouping::Kind::none) {
    made->groups.resize(1);
    return made;
  }
  std::map<std::pair<std::string, Tags>, std::uint32_t> groups;
  std::vector<const std::uint32_t*> group_of;
  group_of.reserve(made->series.size());
  for (const SeriesId id : made->series) {
    group_of.push_back(&groups.try_emplace(label(catalog_.at(id).key, grouping), 0).first->second);
  }
  std::uint32_t next = 0;
  for (auto& [key, number] : groups) {
    number = next++;
    made->groups.push_back({key.first, key.second});
  }
  made->group_of.reserve(group_of.size());
  for (const std::uint32_t* number : group_of) made->group_of.push_back(*number);
  return made;
}

std::shared_ptr<const Selection> Selections::get(const Selector& selector, const Grouping& grouping, bool total) {
  const auto metric = catalog_.find_metric(selector.metric);
  if (!metric) return nullptr;
  if (total && !selector.source && selector.matchers.empty() && grouping.kind == Grouping::Kind::none) {
    auto made = std::make_shared<Selection>();
    made->metric = *metric;
    made->series = {catalog_.total(*metric)};
    made->groups.resize(1);
    return made;
  }
  const std::uint64_t version = catalog_.version();
  {
    const std::scoped_lock lock(mutex_);
    for (auto at = kept_.begin(); at != kept_.end(); ++at) {
      if (at->version == version && at->selector == selector && at->grouping == grouping) {
        kept_.splice(kept_.begin(), kept_, at);
        return at->selection;
      }
    }
  }
  auto made = make(*metric, selector, grouping);
  const std::scoped_lock lock(mutex_);
  kept_.remove_if([&](const Kept& kept) {
    return kept.version != version || (kept.selector == selector && kept.grouping == grouping);
  });
  kept_.push_front({selector, grouping, version, made});
  if (kept_.size() > kept_selections) kept_.pop_back();
  return made;
}

}  // namespace millrace
