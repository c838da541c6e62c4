#pragma once

#include <cstdint>
#include <string_view>

namespace millrace {

/// Why an event was not accepted. The names (see name()) stand in answers, metrics and docs/errors.md.
enum class Rejection : std::uint8_t {
  not_json,
  not_an_object,
  trailing_content,
  line_too_long,
  too_deep,
  invalid_utf8,
  metric_name_missing,
  metric_name_invalid,
  source_id_invalid,
  value_missing,
  value_not_a_number,
  value_not_finite,
  timestamp_invalid,
  timestamp_in_seconds,
  timestamp_too_old,
  timestamp_in_future,
  tags_invalid,
  too_many_tags,
  series_limit,
  metric_series_limit,
  too_many_events,
  count_  ///< Not a reason: how many there are.
};
/// The reason's name, for example "timestamp_too_old".
[[nodiscard]] std::string_view name(Rejection reason);

}  // namespace millrace
