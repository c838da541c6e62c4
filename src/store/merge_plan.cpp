#include "store/merge_plan.hpp"

#include <algorithm>

namespace millrace {
namespace {

constexpr std::uint64_t about = 4;          // largest to smallest of one size
constexpr std::uint64_t small_run = 4'096;  // smaller ones count as this
constexpr std::size_t most_open_tiers = 4;  // runs in all, whatever their sizes: four times the tier
constexpr std::size_t most_closed_runs = 4;
constexpr std::uint64_t worth = 4;  // an older run this much larger than all newer is left alone

std::optional<MergePlan> plan_open(std::span<const std::uint64_t> sizes, std::size_t tier) {
  for (std::size_t end = sizes.size(); end > 0;) {
    std::uint64_t least = std::max(sizes[end - 1], small_run);
    std::uint64_t most = least;
    std::size_t begin = end - 1;
    while (begin > 0) {
      const std::uint64_t size = std::max(sizes[begin - 1], small_run);
      if (std::max(most, size) > about * std::min(least, size)) break;
      least = std::min(least, size);
      most = std::max(most, size);
      --begin;
    }
    if (end - begin >= tier) return MergePlan{begin, end};
    end = begin;
  }
  if (sizes.size() > most_open_tiers * tier) return MergePlan{0, sizes.size()};
  return std::nullopt;
}

std::optional<MergePlan> plan_closed(std::span<const std::uint64_t> sizes) {
  if (sizes.size() > most_closed_runs) return MergePlan{0, sizes.size()};
  for (std::size_t end = sizes.size(); end > 0;) {
    std::size_t begin = end - 1;
    std::uint64_t total = std::max(sizes[begin], small_run);
    while (begin > 0 && sizes[begin - 1] <= worth * total) total += sizes[--begin];
    if (end - begin >= 2) return MergePlan{begin, end};
    end = begin;
  }
  return std::nullopt;
}

}  // namespace

std::optional<MergePlan> plan_merge(std::span<const std::uint64_t> sizes, std::size_t tier, bool closed) {
  return closed ? plan_closed(sizes) : plan_open(sizes, tier);
}

}  // namespace millrace
