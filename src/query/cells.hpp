#pragma once

#include "base/result.hpp"
#include "query/plan.hpp"
#include "query/query.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace millrace {

/// Accumulates rows into one cell a (group, bucket), in whatever order they come: of equal first and last times the
/// lower (partition, series) counts as earlier.
class Cells {
 public:
  /// At most `limit` cells are kept; more are only noted.
  Cells(std::size_t groups, const Grid& grid, bool digests, std::size_t limit);

  /// Folds a row whose bucket lies in the grid. `digest`: of a live row; else the view's bytes are read.
  void add(std::uint32_t group, const RowView& row, const Digest* digest);

  [[nodiscard]] bool overflowed() const { return overflowed_; }
  /// The first error met in a digest's bytes.
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] std::size_t size() const { return cells_.size(); }

  /// Hands out a group's rollups by bucket index, ascending. Digests are moved out: once a group.
  void take(std::uint32_t group, FunctionRef<void(std::size_t bucket, Rollup&& rollup)> each);

 private:
  struct Cell {
    Rollup rollup;
    std::uint64_t first_from = 0;  ///< (partition, series) of the first value.
    std::uint64_t last_from = 0;
  };
  static constexpr std::uint32_t absent = UINT32_MAX;
  static constexpr std::size_t dense_slots = 1U << 20U;

  [[nodiscard]] Cell* cell(std::uint64_t slot);

  std::size_t buckets_;
  std::int64_t start_;
  std::uint64_t width_;  ///< In 10 s.
  bool digests_;
  std::size_t limit_;
  bool overflowed_ = false;
  std::optional<Error> error_;
  std::vector<std::uint32_t> dense_;  ///< Slot -> cell, when there are few slots.
  std::unordered_map<std::uint64_t, std::uint32_t> sparse_;
  bool is_dense_;
  std::vector<Cell> cells_;
  std::vector<std::uint64_t> slots_;  ///< Beside cells_.
  std::vector<std::uint32_t> order_;  ///< Cells by slot, once taken.
};

}  // namespace millrace
