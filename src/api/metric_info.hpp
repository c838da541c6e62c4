#pragma once

#include "base/result.hpp"
#include "catalog/catalog.hpp"
#include "store/documents.hpp"

#include <string_view>

namespace millrace {

/// The body of PUT /api/v1/metrics/NAME: {"unit","kind","help"}, all optional; anything else is an error with the valid
/// form.
[[nodiscard]] Result<MetricInfo> parse_metric_info(std::string_view json);

/// Reads what was PUT before into the catalog, at start.
Result<void> restore_metric_infos(Documents& documents, Catalog& catalog);

}  // namespace millrace
