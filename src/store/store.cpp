#include "store/store.hpp"

#include <utility>

namespace millrace {

Result<Row> RowView::materialize() const {
  Row row;
  row.partition = partition;
  row.series = series;
  row.bucket = bucket;
  row.rollup.count = count;
  row.rollup.sum = sum;
  row.rollup.compensation = compensation;
  row.rollup.min = min;
  row.rollup.max = max;
  row.rollup.first = first;
  row.rollup.last = last;
  row.rollup.first_time = first_time;
  row.rollup.last_time = last_time;
  if (!digest.empty()) {
    auto decoded = Digest::decode(digest);
    if (!decoded) return fail(decoded.error());
    row.rollup.digest = std::move(*decoded);
  }
  return row;
}

}  // namespace millrace
