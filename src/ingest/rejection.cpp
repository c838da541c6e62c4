#include "ingest/rejection.hpp"

namespace millrace {

std::string_view name(Rejection reason) {
  switch (reason) {
    case Rejection::not_json: return "not_json";
    case Rejection::not_an_object: return "not_an_object";
    case Rejection::trailing_content: return "trailing_content";
    case Rejection::line_too_long: return "line_too_long";
    case Rejection::too_deep: return "too_deep";
    case Rejection::invalid_utf8: return "invalid_utf8";
    case Rejection::metric_name_missing: return "metric_name_missing";
    case Rejection::metric_name_invalid: return "metric_name_invalid";
    case Rejection::source_id_invalid: return "source_id_invalid";
    case Rejection::value_missing: return "value_missing";
    case Rejection::value_not_a_number: return "value_not_a_number";
    case Rejection::value_not_finite: return "value_not_finite";
    case Rejection::timestamp_invalid: return "timestamp_invalid";
    case Rejection::timestamp_in_seconds: return "timestamp_in_seconds";
    case Rejection::timestamp_too_old: return "timestamp_too_old";
    case Rejection::timestamp_in_future: return "timestamp_in_future";
    case Rejection::tags_invalid: return "tags_invalid";
    case Rejection::too_many_tags: return "too_many_tags";
    case Rejection::series_limit: return "series_limit";
    case Rejection::metric_series_limit: return "metric_series_limit";
    case Rejection::too_many_events: return "too_many_events";
    case Rejection::count_: break;
  }
  return "unknown";
}

}  // namespace millrace
