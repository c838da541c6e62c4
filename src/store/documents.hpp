#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// A JSON document with its revision; revisions start at 1 and rise by 1 at every change.
struct Document {
  std::string id;
  std::uint64_t revision = 0;
  std::string json;

  friend bool operator==(const Document&, const Document&) = default;
};

/// Revisioned JSON by (kind, id): metric metadata, tokens, dashboards. Small and rarely written.
///
/// Contract: a write that returned ok survives a loss of power. `expected` = the revision that is replaced, 0 for a
/// new document, nullopt to write whatever stands there; another one gives `conflict`. Safe from any thread.
class Documents {
 public:
  virtual ~Documents() = default;
  virtual Result<Document> get(std::string_view kind, std::string_view id) = 0;
  virtual Result<Document> put(std::string_view kind, std::string_view id, std::string_view json,
                               std::optional<std::uint64_t> expected) = 0;
  virtual Result<void> remove(std::string_view kind, std::string_view id, std::optional<std::uint64_t> expected) = 0;
  /// All of a kind, sorted by id.
  virtual Result<std::vector<Document>> list(std::string_view kind) = 0;
};

}  // namespace millrace
