#pragma once

#include <cstddef>

namespace millrace {

/// How many values sort_block takes: what a digest buffers.
inline constexpr std::size_t sort_block_size = 512;

/// Sorts exactly sort_block_size values ascending, without a branch that depends on them: twice as fast as
/// std::sort on data in random order (decision 0021). Any order of NaNs, but nothing out of bounds.
void sort_block(double* values);

}  // namespace millrace
