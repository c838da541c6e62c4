#pragma once

#include "query/plan.hpp"
#include "query/query.hpp"
#include "query/selection.hpp"

#include <optional>
#include <variant>

namespace millrace {

/// A figure that groups are ranked by: a field, or a quantile in [0, 1].
using Rank = std::variant<Field, double>;

/// A Query whose words have been understood.
struct Question {
  Millis from;
  Millis to;
  Grouping grouping;
  Rank by = Field::value;
  bool digests = false;  ///< Some figure is computed from the digest.
  bool rate = false;
  bool histogram = false;
};

/// Errors: `invalid_argument`, naming what is wrong and what is valid.
[[nodiscard]] Result<Question> understand(const Query& query);

/// The figure of a rollup.
[[nodiscard]] double figure(const Rollup& rollup, const Rank& rank);

}  // namespace millrace
