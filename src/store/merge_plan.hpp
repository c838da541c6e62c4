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

/// How many runs of about one size are merged while their span is open: of rows, which every dashboard reads, and of
/// raw points, which few ask for and which are the most bytes to write again.
inline constexpr std::size_t row_tier = 8;
inline constexpr std::size_t raw_tier = 64;

/// Which runs of a group to merge now; `sizes` in bytes, oldest first. While a span is open, runs of about one size
/// are merged once there are `tier` of them, so that each row is written a few times only. When it is closed, into one
/// run, but a large one is not written again for a small late one.
[[nodiscard]] std::optional<MergePlan> plan_merge(std::span<const std::uint64_t> sizes, std::size_t tier, bool closed);

}  // namespace millrace
