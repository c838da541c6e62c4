#pragma once

#include <string_view>

namespace millrace {

/// The product's version; CHANGELOG.md begins with it.
inline constexpr std::string_view version = "0.1.0";

}  // namespace millrace
