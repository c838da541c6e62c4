#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace {

/// Content-Encoding by its HTTP name, in any case: "" or "identity", "gzip" (also "x-gzip"), "zstd", "lz4" (frame
/// format). `too_large` as soon as the output passes `limit` (never more than limit + one block in memory),
/// `invalid_argument` for broken or truncated input or bytes after its end, `unsupported_version` for another or a
/// second encoding. Several members or frames one after another are one body, as their formats say.
[[nodiscard]] Result<std::string> decompress(std::string_view encoding, std::string_view bytes, std::size_t limit);

}  // namespace millrace
