#include "push/history.hpp"

namespace millrace {

Result<History::Points> QueryHistory::points(const StreamTopic& topic, Millis from, Millis to) {
  Query query;
  query.selector = {topic.metric, topic.source, {}};
  query.from = from;
  query.to = to;
  query.resolution = {Resolution::Kind::fixed, Duration{10'000}};
  query.sliding_minute = topic.sliding_minute;
  auto answer = queries_.run(query);
  if (!answer) return fail(answer.error());
  if (answer->live_missing) return fail(ErrorCode::unavailable, "the stream engine did not answer in time");
  Points points{{}, answer->freshness.final_until};
  if (!answer->series.empty()) points.points = std::move(answer->series.front().points);
  return points;
}

Result<std::vector<PartitionRow>> QueryHistory::rows(const StreamTopic& topic, Millis from, Millis to) {
  return queries_.partition_rows(topic.metric, topic.source, from, to);
}

}  // namespace millrace
