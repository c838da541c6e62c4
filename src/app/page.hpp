#pragma once

#include "api/api.hpp"

#include <span>

namespace millrace {

/// The page's files, as they were built into this binary (cmake/embed_page.py writes the definition).
[[nodiscard]] std::span<const Asset> page_assets();

}  // namespace millrace
