#pragma once

#include "query/query.hpp"

#include <vector>

namespace millrace {

/// `bins` bins from the digest's min to its max whose counts sum to its count: log-spaced, or linear where the min is
/// not above 0. One bin where all values are equal; none of an empty digest. The first bin holds its low edge, every
/// other one only its high edge.
[[nodiscard]] std::vector<Point::Bin> histogram(const Digest& digest, std::size_t bins);

}  // namespace millrace
