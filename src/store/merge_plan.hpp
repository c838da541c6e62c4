#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace millrace {

/// Neighbouring runs, [begin, end) of a group's runs in order of age. Only neighbours are merged: the merged run takes
/// the place and number of the newest of them, so newer still wins over older.
struct MergePlan {
  std::size_t begin;
  std::size_t end;

  friend bool operator==(const MergePlan&, const MergePlan&) = default;
};

/// Which runs of a group to merge now; `sizes` in bytes, oldest first. While a span is open, runs of about one size
/// are merged once there are eight, so that each row is written a few times only. When it is closed, into one run, but
/// a large one is not written again for a small late one.
[[nodiscard]] std::optional<MergePlan> plan_merge(std::span<const std::uint64_t> sizes, bool closed);

}  // namespace millrace
