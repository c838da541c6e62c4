#pragma once

#include "push/hub.hpp"

#include <vector>

namespace millrace {

/// Where the hub learns what was before it watched, and what is final. Called from the hub's own threads.
class History {
 public:
  struct Points {
    std::vector<Point> points;  ///< Ascending, digests whole.
    Millis final_until;         ///< Read before the points: one that ends by then is complete in them.
  };

  virtual ~History() = default;
  /// Merged points with timestamp in [from, to]. An answer without the live rows is an error here.
  virtual Result<Points> points(const StreamTopic& topic, Millis from, Millis to) = 0;
  /// 10 s rows of each partition with bucket in [from, to].
  virtual Result<std::vector<PartitionRow>> rows(const StreamTopic& topic, Millis from, Millis to) = 0;
  /// From memory; does not block.
  virtual Freshness freshness() = 0;
};

/// History as the QueryEngine tells it.
class QueryHistory final : public History {
 public:
  explicit QueryHistory(QueryEngine& queries) : queries_(queries) {}
  Result<Points> points(const StreamTopic& topic, Millis from, Millis to) override;
  Result<std::vector<PartitionRow>> rows(const StreamTopic& topic, Millis from, Millis to) override;
  Freshness freshness() override { return queries_.freshness(); }

 private:
  QueryEngine& queries_;
};

}  // namespace millrace
