#pragma once

#include "base/result.hpp"
#include "catalog/catalog.hpp"
#include "query/query.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// Writes an answer of any length piece by piece, so that memory stays bounded: CSV (RFC 4180, as `produce` reads it)
/// or NDJSON (raw points as events, windows as points).
class Export {
 public:
  /// `queries` answers up to limit() points a slice.
  Export(Query query, bool csv, const Catalog& catalog, QueryEngine& queries);

  /// The next piece; empty when all is written or a slice failed.
  [[nodiscard]] std::string next();
  [[nodiscard]] const std::optional<Error>& failed() const { return failed_; }
  [[nodiscard]] static std::size_t limit();

 private:
  [[nodiscard]] std::string header() const;
  void append(std::string& out, const Answer& answer) const;

  Query query_;
  bool csv_;
  const Catalog& catalog_;
  QueryEngine& queries_;
  Millis at_;
  Duration slice_;
  bool begun_ = false;
  std::vector<std::string> tag_keys_;
  std::optional<Error> failed_;
};

}  // namespace millrace
