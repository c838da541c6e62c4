#pragma once

#include "query/query.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Which members a point's JSON has. timestamp, final and revision always stand.
class PointShape {
 public:
  /// No fields: all but rate and histogram. `quantiles`, if any, become `"quantiles":{"0.9":…}`.
  explicit PointShape(std::span<const Field> fields = {}, std::span<const double> quantiles = {});

  [[nodiscard]] bool has(Field field) const { return (mask_ >> static_cast<unsigned>(field) & 1U) != 0; }
  [[nodiscard]] const std::vector<double>& quantiles() const { return quantiles_; }
  /// True if some member is computed from the digest.
  [[nodiscard]] bool needs_digest() const;

 private:
  std::uint32_t mask_ = 0;
  std::vector<double> quantiles_;
};

/// Appends `{"timestamp":"2026-01-02T03:04:10.000Z","value":…,"count":…,…,"final":true,"revision":3}`. A figure that is
/// not known (no digest, no rate) is null. Compress the point's digest first if it has been merged.
void append_point_json(std::string& out, const Point& point, const PointShape& shape);

/// Appends `{"state":"current","finalUntil":…,"newestEvent":…,"asOf":…,"lagMs":0}`; times that are not known are null.
void append_freshness_json(std::string& out, const Freshness& freshness);

/// Appends the answer of GET /api/v1/query: `points`, or `series` when grouped; raw points with source and tags.
void append_answer_json(std::string& out, const Query& query, const Answer& answer, const Catalog& catalog);

/// Appends `{"region":"eu",…}`.
void append_tags_json(std::string& out, const Tags& tags);

/// Appends an RFC 3339 time in quotes, or null for Millis::never().
void append_time_json(std::string& out, Millis at);

}  // namespace millrace
