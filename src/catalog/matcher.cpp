#include "catalog/catalog.hpp"

#include <algorithm>

namespace millrace {

bool Matcher::matches(std::string_view value) const {
  const auto is_it = [value](const std::string& one) { return one == value; };
  switch (op) {
    case Op::equals:
    case Op::in: return std::any_of(values.begin(), values.end(), is_it);
    case Op::not_equals: return std::none_of(values.begin(), values.end(), is_it);
    case Op::prefix:
      return std::any_of(values.begin(), values.end(),
                         [value](const std::string& prefix) { return value.starts_with(prefix); });
  }
  return false;
}

MetricInfo guess_metric_info(std::string_view name) {
  MetricInfo info;
  if (name.ends_with("_total")) {
    info.kind = "counter";
    name.remove_suffix(std::string_view("_total").size());
  }
  for (const std::string_view unit : {"bytes", "seconds", "ratio", "percent"}) {
    if (name.size() > unit.size() && name.ends_with(unit) && name[name.size() - unit.size() - 1] == '_') {
      info.unit = unit;
    }
  }
  return info;
}

}  // namespace millrace
