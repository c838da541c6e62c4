#include "stream/publisher.hpp"

#include <algorithm>
#include <utility>

namespace millrace {
namespace {

/// Open buckets looked for in the store for a new subscriber: clocks that run ahead may open hundreds.
constexpr Duration open_ahead{120'000};

}  // namespace

Publisher::Publisher(Bus& bus, const Catalog& catalog) : bus_(bus), catalog_(catalog) {}

std::size_t Publisher::publish(Partition& partition, Millis now) {
  refresh();
  const Partition::Span touched = partition.take_touched();
  std::size_t published = 0;
  for (Subject& subject : subjects_) published += publish(partition, subject, touched, now);
  return published;
}

/// Brings the subjects in line with what is watched and which series there are.
void Publisher::refresh() {
  const std::uint64_t watch_version = bus_.watch_version();  // first: a later change is seen at the next tick
  const std::uint64_t catalog_version = catalog_.version();
  if (watch_version != watch_version_) {
    std::vector<Subject> next;
    for (Bus::Watch& watch : bus_.watched()) {
      // A subject that has moved on to `next` is left without a topic.
      const auto same = [&](const Subject& subject) { return subject.topic && *subject.topic == *watch.topic; };
      const auto old = std::ranges::find_if(subjects_, same);
      Subject& subject = next.emplace_back();
      if (old != subjects_.end()) subject = std::move(*old);
      if (subject.since != watch.since) subject.fresh = true;
      subject.topic = std::move(watch.topic);
      subject.since = watch.since;
      if (subject.series.empty()) resolve(subject);
    }
    subjects_ = std::move(next);
    watch_version_ = watch_version;
  }
  if (catalog_version != catalog_version_) {
    for (Subject& subject : subjects_) resolve(subject);
    catalog_version_ = catalog_version;
  }
}

void Publisher::resolve(Subject& subject) const {
  if (subject.topic->source) {
    subject.series = catalog_.select({subject.topic->metric, subject.topic->source, {}});
  } else if (const auto metric = catalog_.find_metric(subject.topic->metric)) {
    subject.series = {catalog_.total(*metric)};
  }
}

std::size_t Publisher::publish(Partition& partition, Subject& subject, const Partition::Span& touched, Millis now) {
  const Millis watermark = partition.watermark().value();
  RowTable& rows = partition.rows();
  Update update;
  std::vector<Millis> candidates;
  if (subject.fresh) {
    const Millis open = align_down(watermark, bucket_width);
    const Millis until = std::min(rows.stored_end(), open + open_ahead);
    if (open < until && !partition.load(subject.series, open, until)) return 0;  // the next tick tries again
    subject.sent.clear();
    candidates = rows.buckets(Millis::never(), Millis{std::numeric_limits<std::int64_t>::max()});
  } else if (touched.low <= touched.high) {
    candidates = rows.buckets(touched.low, touched.high + bucket_width);
  }
  bool whole = true;
  for (const Millis bucket : candidates) whole = add_changes(partition, subject, bucket, update) && whole;

  const Millis final_until = align_down(watermark, bucket_width);
  if (update.buckets.empty() && final_until <= subject.final_told && !subject.fresh && whole) return 0;
  if (final_until > subject.final_told) {
    std::erase_if(subject.sent, [&](const auto& sent) { return !rows.has_bucket(sent.first); });
  }
  subject.fresh = !whole;
  subject.final_told = final_until;
  update.topic = subject.topic;
  update.partition = partition.id();
  update.epoch = partition.epoch();
  update.watermark = watermark;
  update.published = now;
  update.event_time = Millis::never();
  for (const Update::Bucket& bucket : update.buckets) {
    update.event_time = std::max(update.event_time, bucket.rollup->last_time);
  }
  bus_.publish(update);
  return 1;
}

/// False if stored rows that belong to the bucket could not be read: then all of the topic is tried again.
bool Publisher::add_changes(Partition& partition, Subject& subject, Millis bucket, Update& update) {
  RowTable& rows = partition.rows();
  auto& sent = subject.sent[bucket];
  sent.resize(subject.series.size());
  bool changed = false;
  std::size_t present = 0;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    // Not here, but sent before: it left memory unchanged, and what was sent is still right.
    if (auto row = rows.share(subject.series[i], bucket); row != nullptr && row != sent[i]) {
      sent[i] = std::move(row);
      changed = true;
    }
    present += sent[i] != nullptr ? 1 : 0;
  }
  if (!changed) return true;
  if (present < sent.size() && rows.maybe_stored(bucket)) {  // a merge of a part would go back
    if (!partition.load(subject.series, bucket, bucket + bucket_width)) return false;
    for (std::size_t i = 0; i < sent.size(); ++i) {
      if (!sent[i]) sent[i] = rows.share(subject.series[i], bucket);
    }
  }
  const auto first = std::ranges::find_if(sent, [](const auto& row) { return row != nullptr; });
  if (std::all_of(first + 1, sent.end(), [](const auto& row) { return row == nullptr; })) {
    update.buckets.push_back({bucket, std::shared_ptr<const Rollup>(*first, &(*first)->rollup)});
    return true;
  }
  auto merged = std::make_shared<Rollup>((*first)->rollup);
  for (auto row = first + 1; row != sent.end(); ++row) {
    if (*row) merged->merge((*row)->rollup);
  }
  update.buckets.push_back({bucket, std::move(merged)});
  return true;
}

}  // namespace millrace
