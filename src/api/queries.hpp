#pragma once

#include "api/parameters.hpp"
#include "base/result.hpp"
#include "query/query.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// `tag.KEY=V` (repeated: any of them), `tag.KEY!=V`, `tag.KEY=V*` (prefix), and the same on `source`.
[[nodiscard]] Selector read_selector(Parameters& parameters, std::string metric);

/// All of GET /api/v1/query's parameters; mistakes are noted in `parameters`.
[[nodiscard]] Query read_query(Parameters& parameters, Millis now);

}  // namespace millrace
