#include "push/live_topic.hpp"

#include "query/point_json.hpp"

#include <algorithm>

namespace millrace {
namespace {

constexpr Duration step{10'000};
constexpr Duration minute{60'000};
constexpr Duration second{1'000};
/// Points kept beyond those that were asked for: buckets that are open, and early ones.
constexpr std::size_t spare_points = 16;
constexpr std::size_t least_points = 60;
/// A quiet topic's last points may lie further back than so many buckets.
constexpr Duration least_past{3'600'000};
/// Events may lie so far ahead of the clock.
constexpr Duration ahead{3'600'000};
/// Counts of final buckets are remembered so long, to tell a late event from an old row sent again.
constexpr Duration remembered{600'000};

}  // namespace

bool LiveTopic::take_part(Bucket& bucket, PartitionId partition, const std::shared_ptr<const Rollup>& rollup) {
  auto at = std::lower_bound(bucket.parts.begin(), bucket.parts.end(), partition,
                             [](const Part& part, PartitionId id) { return part.partition < id; });
  if (at == bucket.parts.end() || at->partition != partition) {
    at = bucket.parts.insert(at, {partition, 0, nullptr});
  }
  if (rollup->count <= at->count) return false;
  at->count = rollup->count;
  at->rollup = rollup;
  return true;
}

bool LiveTopic::on_update(const Update& update) {
  const std::scoped_lock lock(mutex_);
  bool changed = false;
  for (const Update::Bucket& row : update.buckets) {
    const bool final = row.start + step <= final_asked_;
    // What lies before all that is shown is nobody's concern here.
    const Millis shown = row.start + (topic_.sliding_minute ? minute : Duration{0});
    if (final && loaded_ > 0 && shown < kept_from_) continue;
    Bucket& bucket = buckets_[row.start];
    if (!take_part(bucket, update.partition, row.rollup)) continue;
    if (final) {
      late_to_ = late_from_ ? std::max(late_to_, row.start) : row.start;
      late_from_ = late_from_ ? std::min(*late_from_, row.start) : row.start;
    }
    bucket.dirty = true;  // sliding minutes that are still open may hold a late one too
    changed = true;
  }
  return changed;
}

void LiveTopic::want(std::size_t points) {
  const std::scoped_lock lock(mutex_);
  wanted_ = std::max({wanted_, points, least_points});
}

/// True if something in memory belongs to a window that is to become final.
bool LiveTopic::open_before(Millis until) const {
  const Millis from = topic_.sliding_minute ? final_done_ - minute : final_done_;
  const auto bucket = buckets_.lower_bound(from);
  return bucket != buckets_.end() && bucket->first < until;
}

LiveTopic::Due LiveTopic::next(Millis final_until, Millis now, Duration steady) {
  const Millis until = align_down(final_until, step);
  if (steady < retry_at_) return {};
  if (wanted_ > answered_) {
    const Duration past = std::max(least_past, step * static_cast<std::int64_t>(wanted_));
    return {Due::Kind::past, align_down(now, step) - past, now + ahead, until, wanted_};
  }
  if (loaded_ == 0) return {};
  if (until > final_done_) {
    if (open_before(until)) {
      const Millis from = std::max(final_done_, until - step * static_cast<std::int64_t>(wanted_ + spare_points));
      return {Due::Kind::finals, topic_.sliding_minute ? from + step : from,
              topic_.sliding_minute ? until : until - step, until, 0};
    }
    final_asked_ = final_done_ = until;
  }
  if (late_from_ && steady >= late_at_) {
    if (!topic_.sliding_minute) return {Due::Kind::late, *late_from_, late_to_, until, 0};
    return {Due::Kind::late, *late_from_ + step, std::min(late_to_ + minute, final_asked_), until, 0};
  }
  return {};
}

bool LiveTopic::has_work(Millis final_until, Duration steady) {
  const std::scoped_lock lock(mutex_);
  return next(final_until, Millis{0}, steady).kind != Due::Kind::nothing;
}

Result<void> LiveTopic::work(History& history, Millis now, Duration steady) {
  const Millis final_until = history.freshness().final_until;
  std::unique_lock lock(mutex_);
  const Due due = next(final_until, now, steady);
  if (due.kind == Due::Kind::nothing) return {};
  // From here on an update of these windows counts as late: what came before is in the answer.
  if (due.kind != Due::Kind::late) final_asked_ = std::max(final_asked_, due.until);
  const auto late_from = late_from_;
  const Millis late_to = late_to_;
  if (due.kind == Due::Kind::late) {
    late_from_.reset();
    late_at_ = steady + second;
  }
  const Millis rows_from = std::max(due.from, (due.until < due.from ? due.from : due.until) - minute);
  lock.unlock();

  auto points = history.points(topic_, due.from, due.to);
  Result<std::vector<PartitionRow>> rows;
  if (points && due.kind == Due::Kind::past) rows = history.rows(topic_, rows_from, due.to);

  lock.lock();
  if (!points || !rows) {
    retry_at_ = steady + second;
    if (due.kind == Due::Kind::late) {
      late_to_ = late_from_ ? std::max(late_to_, late_to) : late_to;
      late_from_ = late_from_ ? std::min(late_from_, late_from) : late_from;
    }
    return fail(points ? rows.error() : points.error());
  }
  answers_.insert(answers_.end(), std::make_move_iterator(points->points.begin()),
                  std::make_move_iterator(points->points.end()));
  for (PartitionRow& row : *rows) {
    Bucket& bucket = buckets_[row.bucket];
    if (take_part(bucket, row.partition, std::make_shared<const Rollup>(std::move(row.rollup)))) bucket.dirty = true;
  }
  if (due.kind == Due::Kind::past) {
    answered_ = due.points;
    answered_from_ = due.from;
  }
  if (due.kind != Due::Kind::late) final_done_ = std::max(final_done_, due.until);
  return {};
}

bool LiveTopic::publish(const Point& point, std::uint64_t& seq, Millis now, bool change) {
  Published& entry = published_[point.timestamp];
  if (entry.revision >= point.revision) return false;
  std::string json;
  append_point_json(json, point, PointShape());
  if (change) {
    entry.seq = ++seq;
    if (point.final && !entry.final) entry.final_seq = entry.seq;
    changes_.push_back({entry.seq, point.timestamp});
  }
  entry.revision = point.revision;
  entry.final = point.final;
  entry.event_time = point.rollup.last_time;
  entry.at = now;
  entry.json = std::make_shared<const std::string>(std::move(json));
  entry.messages.clear();
  return true;
}

std::optional<Point> LiveTopic::merged(Millis from, Millis to) const {
  Point point;
  for (auto at = buckets_.lower_bound(from); at != buckets_.end() && at->first < to; ++at) {
    for (const Part& part : at->second.parts) {
      if (part.rollup) point.rollup.merge(*part.rollup);
    }
  }
  if (point.rollup.count == 0) return std::nullopt;
  point.rollup.digest.compress();
  point.revision = 2 * point.rollup.count;
  return point;
}

std::size_t LiveTopic::apply_open(std::uint64_t& seq, Millis now) {
  std::size_t published = 0;
  const Millis newest_end = buckets_.empty() ? Millis::never() : buckets_.rbegin()->first + step;
  Millis done = Millis::never();  // windows that end by here have been published in this turn
  for (auto& [start, bucket] : buckets_) {
    if (!bucket.dirty) continue;
    bucket.dirty = false;
    const Millis last = topic_.sliding_minute ? std::min(start + minute, newest_end) : start + step;
    for (Millis end = std::max(start + step, done + step); end <= last; end = end + step) {
      done = end;
      if (end <= final_asked_) continue;  // comes from History
      auto point = merged(end - span(), end);
      if (!point) continue;
      point->timestamp = topic_.sliding_minute ? end : start;
      if (publish(*point, seq, now, true)) ++published;
    }
  }
  return published;
}

std::size_t LiveTopic::apply(std::uint64_t& seq, Millis now) {
  const std::scoped_lock lock(mutex_);
  std::size_t news = 0;
  const bool first_load = loaded_ == 0;
  for (const Point& point : answers_) {
    // The past that a subscriber asked for is its snapshot, not a change.
    const bool change = !first_load && point.timestamp >= kept_from_;
    if (publish(point, seq, now, change)) ++news;
  }
  answers_.clear();
  if (loaded_ != answered_) {
    ++news;
    loaded_ = answered_;
    kept_from_ = answered_from_;
  }
  if (loaded_ > 0) news += apply_open(seq, now);
  if (news > 0) {
    snapshots_.clear();
    prune();
  }
  return news;
}

void LiveTopic::prune() {
  while (changes_.size() > kept_changes) {
    complete_from_ = std::max(complete_from_, changes_.front().seq);
    changes_.pop_front();
  }
  while (published_.size() > wanted_ + spare_points) {
    published_.erase(published_.begin());
    kept_from_ = published_.begin()->first;
  }
  const Millis kept = topic_.sliding_minute ? final_done_ - minute : final_done_;
  while (!buckets_.empty() && buckets_.begin()->first + step <= final_done_ - remembered) {
    buckets_.erase(buckets_.begin());
  }
  for (auto& [start, bucket] : buckets_) {
    if (start + step > kept) break;
    for (Part& part : bucket.parts) part.rollup.reset();
  }
}

std::shared_ptr<const std::string> LiveTopic::message(Published& published, const Cursor& cursor) {
  for (const Published::Encoded& encoded : published.messages) {
    if (encoded.number == cursor.number && encoded.plain == cursor.plain) return encoded.message;
  }
  std::shared_ptr<const std::string> made = published.json;
  if (!cursor.plain) {
    made = std::make_shared<const std::string>(
        point_message(cursor.number, *published.json, published.seq, published.event_time, published.at));
  } else if (cursor.number) {
    made = std::make_shared<const std::string>(plain_message(cursor.number, *published.json));
  }
  published.messages.push_back({cursor.number, cursor.plain, made});
  return made;
}

void LiveTopic::snapshot(const Cursor& cursor, std::vector<Message>& out) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(cursor.points, published_.size()));
  const auto begin = std::prev(published_.end(), count);
  if (cursor.plain) {
    for (auto at = begin; at != published_.end(); ++at) {
      if (at->second.final) out.push_back({0, message(at->second, cursor)});
    }
    return;
  }
  for (const Snapshot& known : snapshots_) {
    if (known.number == cursor.number && known.points == cursor.points) return out.push_back({0, known.json});
  }
  std::vector<std::string_view> points;
  for (auto at = begin; at != published_.end(); ++at) points.emplace_back(*at->second.json);
  auto json = std::make_shared<const std::string>(snapshot_message(cursor.number, points));
  snapshots_.push_back({cursor.number, cursor.points, json});
  out.push_back({0, std::move(json)});
}

void LiveTopic::start(Cursor& cursor, std::uint64_t upto, Millis now, std::vector<Message>& out) {
  cursor.started = true;
  if (cursor.since && *cursor.since >= complete_from_ && *cursor.since <= upto) {
    cursor.seq = *cursor.since;
    return;
  }
  cursor.gapped = cursor.gap_from.has_value();
  if (cursor.gap_from && !cursor.plain) {
    out.push_back({0, std::make_shared<const std::string>(gap_message(cursor.number, *cursor.gap_from, now))});
  }
  snapshot(cursor, out);
  // The snapshot holds everything published, also what `upto` does not show yet.
  cursor.seq = changes_.empty() ? upto : std::max(upto, changes_.back().seq);
}

void LiveTopic::collect(Cursor& cursor, std::uint64_t upto, Millis now, std::vector<Message>& out) {
  const std::scoped_lock lock(mutex_);
  if (loaded_ < std::min(cursor.points, wanted_) || loaded_ == 0) return;
  if (!cursor.started) start(cursor, upto, now, out);
  if (upto <= cursor.seq) return;
  const std::size_t first = out.size();
  const auto take = [&](Published& published) {
    const std::uint64_t seq = cursor.plain ? published.final_seq : published.seq;
    if (seq > cursor.seq && seq <= upto) out.push_back({seq, message(published, cursor)});
  };
  if (cursor.seq < complete_from_) {
    // Further back than changes are kept: every bucket's newest is still here.
    for (auto& [key, published] : published_) take(published);
    std::sort(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(),
              [](const Message& a, const Message& b) { return a.seq < b.seq; });
  } else {
    for (auto change = changes_.rbegin(); change != changes_.rend() && change->seq > cursor.seq; ++change) {
      const auto at = published_.find(change->key);
      // An older change of a bucket that has changed again is left out.
      if (at == published_.end()) continue;
      if (change->seq == (cursor.plain ? at->second.final_seq : at->second.seq)) take(at->second);
    }
    std::reverse(out.begin() + static_cast<std::ptrdiff_t>(first), out.end());
  }
  cursor.seq = upto;
}

}  // namespace millrace
