#pragma once

#include <cstdint>

namespace millrace {

/// First byte of every page; docs/formats/page.md says what it stands for.
inline constexpr std::uint8_t page_version = 1;

}  // namespace millrace
