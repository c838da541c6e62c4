#include "store/maintenance.hpp"

#include "store/merge_plan.hpp"
#include "store/page.hpp"
#include "store/page_batch.hpp"
#include "store/rocks_database.hpp"
#include "store/slice_view.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace millrace {
namespace {

constexpr std::size_t scan_entries = 20'000;     // of the index in one slice
constexpr std::size_t merged_page_rows = 4'096;  // gathered before they are cut into pages
constexpr Millis distant{std::numeric_limits<std::int64_t>::max() / 2};

Millis span_end(const SpanKey& key) { return span_start(key.level, key.span) + page_span(key.level); }

std::uint64_t bytes_of(const Run& run) {
  std::uint64_t bytes = 0;
  for (const PageInfo& page : run) bytes += page.bytes;
  return bytes;
}

void remove_all(PageBatch& batch, std::span<const Run> runs) {
  for (const Run& run : runs) {
    for (const PageInfo& page : run) batch.remove(page.key);
  }
}

}  // namespace

Result<bool> Maintenance::slice(Millis now, Millis final_until, const Retention& retention) {
  const std::unique_lock lock(slice_mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return false;
  if (auto done = retain(now, retention); !done || *done) return done;
  if (auto done = derive(final_until); !done || *done) return done;
  if (auto done = merge(final_until); !done || *done) return done;
  return scan();
}

void Maintenance::note(const std::set<GroupKey>& groups) {
  const std::lock_guard lock(groups_mutex_);
  groups_.insert(groups.begin(), groups.end());
}

void Maintenance::wait_until_closed(const GroupKey& group) {
  const std::lock_guard lock(groups_mutex_);
  waiting_[span_end(group.span)].insert(group);
}

std::optional<GroupKey> Maintenance::take_group(Millis final_until) {
  const std::lock_guard lock(groups_mutex_);
  while (!waiting_.empty() && waiting_.begin()->first <= final_until) {
    groups_.merge(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
  }
  if (groups_.empty()) return std::nullopt;
  const GroupKey group = *groups_.begin();
  groups_.erase(groups_.begin());
  return group;
}

Result<bool> Maintenance::merge(Millis final_until) {
  while (const auto group = take_group(final_until)) {
    const PageSource source(database_, database_.view(), PageSource::Caching::pass);
    const auto directory = source.view().directory(group->span);
    if (!directory) return fail(directory.error());
    const auto runs = runs_of(**directory, group->partition, group->shard);
    std::vector<std::uint64_t> sizes;
    for (const Run& run : runs) sizes.push_back(bytes_of(run));
    const bool closed = span_end(group->span) <= final_until;
    const auto plan = plan_merge(sizes, group->span.level == Level::raw ? raw_tier : row_tier, closed);
    if (!plan) {
      if (!closed && runs.size() > 1) wait_until_closed(*group);
      continue;
    }
    const auto inputs = std::span(runs).subspan(plan->begin, plan->end - plan->begin);
    auto merged =
        group->span.level == Level::raw ? merge_points(*group, inputs, source) : merge_rows(*group, inputs, source);
    note({*group});  // there may be more to merge in it, and after a failure all of it
    if (!merged) return fail(merged.error());
    return true;
  }
  return false;
}

Result<void> Maintenance::merge_rows(const GroupKey& group, std::span<const Run> runs, const PageSource& source) {
  const std::uint64_t number = runs.back().front().key.run;
  PageBatch batch(database_);
  remove_all(batch, runs);
  RowMerge rows(source, runs);
  RowGathering gathered;
  for (SeriesId series{0};;) {
    const auto next = rows.next_series(series);
    if (!next) return fail(next.error());
    if (!*next) break;
    auto read = rows.rows(**next, Millis::never(), distant, true,
                          [&](const PageRow& row, std::string_view digest) { gathered.add(row, digest); });
    if (!read) return read;
    if (gathered.size() >= merged_page_rows) gathered.put(batch, group, number);
    if ((*next)->value == std::numeric_limits<std::uint32_t>::max()) break;
    series = SeriesId{(*next)->value + 1};
  }
  if (!gathered.empty()) gathered.put(batch, group, number);
  return database_.replace_pages(batch.batch(), group.span);
}

Result<void> Maintenance::merge_points(const GroupKey& group, std::span<const Run> runs, const PageSource& source) {
  const std::uint64_t number = runs.back().front().key.run;
  PageBatch batch(database_);
  remove_all(batch, runs);
  PointMerge merge(source, runs);
  std::vector<RawPoint> gathered;
  for (SeriesId series{0};;) {
    const auto next = merge.next_series(series);
    if (!next) return fail(next.error());
    if (!*next) break;
    const auto points = merge.points(**next, Millis::never(), distant);
    if (!points) return fail(points.error());
    gathered.insert(gathered.end(), points->begin(), points->end());
    if (gathered.size() >= most_page_rows) {
      batch.put_points(group, number, gathered);
      gathered.clear();
    }
    if ((*next)->value == std::numeric_limits<std::uint32_t>::max()) break;
    series = SeriesId{(*next)->value + 1};
  }
  if (!gathered.empty()) batch.put_points(group, number, gathered);
  return database_.replace_pages(batch.batch(), group.span);
}

Result<bool> Maintenance::scan() {
  if (scan_done_) return false;
  const std::unique_ptr<rocksdb::Iterator> at(database_.db().NewIterator({}, database_.index()));
  std::optional<PageKey> before;
  std::set<GroupKey> found;
  std::size_t entries = 0;
  // The last entry of the slice before is read again: a group may have gone on after it.
  for (at->Seek(scanned_); at->Valid(); at->Next()) {
    const auto key = decode_page_key(view_of(at->key()));
    if (!key) return fail(ErrorCode::corrupt, "store: an entry of the index of pages is not what was written");
    if (before && before->group == key->group && before->run != key->run) found.insert(key->group);
    before = key;
    scanned_ = at->key().ToString();
    if (++entries >= scan_entries) break;
  }
  if (!at->status().ok()) return fail(error_of(at->status(), "read the index of pages"));
  scan_done_ = entries < scan_entries;
  note(found);
  return !scan_done_ || !found.empty();
}

}  // namespace millrace
