#pragma once

#include <string>

namespace millrace {

/// The last part of a path, trailing slashes left out: what errors name.
[[nodiscard]] std::string file_name(const std::string& path);
/// The directory that holds it; "." where the path names none.
[[nodiscard]] std::string parent_of(const std::string& path);

}  // namespace millrace
