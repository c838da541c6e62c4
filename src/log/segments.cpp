#include "log/segments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <random>

namespace millrace {
namespace {

/// Words that a bitmap needs for this bit.
std::size_t words(std::uint32_t bit) { return bit / 64 + 1; }

std::uint64_t mixed(std::uint64_t x) {
  x ^= x >> 31;
  x *= 0x9E3779B97F4A7C15ULL;
  return x ^ (x >> 29);
}

std::uint64_t new_salt(const JournalOptions& options, Offset first) {
  if (options.salt) return mixed(*options.salt + first.value);
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

}  // namespace

Segments::Segments(const JournalOptions& options, Files& files)
    : options_(options), files_(files), needed_(options.partitions) {}

std::uint64_t Segments::bytes() const {
  std::uint64_t sum = 0;
  for (const Segment& segment : segments_) sum += segment.bytes;
  return sum;
}

void Segments::note(Offset number, Millis arrival, PartitionId partition) {
  newest_arrival_ = std::max(newest_arrival_, arrival);
  if (partition.value >= needed_.size()) needed_.resize(partition.value + 1U);
  needed_[partition.value] = Offset{number.value + 1};
}

Result<void> Segments::begin_segment() {
  Segment segment{segment_name(next_), {}, 0};
  segment.head.first = next_;
  segment.head.follows = written_;
  segment.head.newest_arrival = newest_arrival_;
  segment.head.needed = needed_;
  segment.head.salt = new_salt(options_, next_);
  std::string head;
  encode_segment_head(segment.head, head);
  segment.bytes = head.size();

  const std::string where = path(segment.name);
  auto file = files_.append(where);
  if (!file) return fail(file.error());
  // A file of this name can only be what an earlier attempt left: no block with such a number is durable.
  Result<void> done;
  if ((*file)->size() != 0) done = files_.truncate(where, 0);
  if (done) done = (*file)->append(head);
  if (done) {
    // The head is synced before any block is written: so a bad head with bytes behind it is damage, never a torn write.
    done = (*file)->sync();
    if (done) done = files_.sync_directory(options_.directory);
    if (!done) broken_ = done.error();
  } else {
    (void)files_.remove(where);
  }
  if (!done) return done;
  file_ = std::move(*file);
  segments_.push_back(std::move(segment));
  std::fill(defined_.begin(), defined_.end(), 0);
  return {};
}

void Segments::encode_group(std::span<const Encoded* const> group, SeriesNames& names) {
  buffer_.clear();
  newly_defined_.clear();
  const std::uint64_t salt = segments_.back().head.salt;
  std::vector<LocalSeries> definitions;
  std::deque<std::string> keys;
  Offset number = next_;
  for (const Encoded* item : group) {
    definitions.clear();
    keys.clear();
    for (const Section& section : item->batch->sections) {
      for (const SeriesId id : section.series) {
        if (words(id.value) > defined_.size()) defined_.resize(words(id.value) + words(id.value) / 2);
        std::uint64_t& word = defined_[id.value / 64];
        const std::uint64_t bit = 1ULL << (id.value % 64);
        if ((word & bit) != 0) continue;
        word |= bit;
        newly_defined_.push_back(id.value);
        keys.push_back(encode(names.key(id)));
        definitions.push_back({id.value, keys.back()});
      }
    }
    encode_block({number, next_}, salt, *item->batch, definitions, item->sections, buffer_);
    ++number.value;
  }
}

Error Segments::take_back(Error why) {
  for (const std::uint32_t id : newly_defined_) defined_[id / 64] &= ~(1ULL << (id % 64));
  Segment& segment = segments_.back();
  // Cut and synced before the refusal is answered: what was refused must not come back by a crash.
  Result<void> back = files_.truncate(path(segment.name), segment.bytes);
  if (back) back = file_->sync();
  if (!back) {
    broken_ = back.error();
  } else if (why.code != ErrorCode::no_space) {
    broken_ = why;
  }
  return why;
}

Result<void> Segments::write(std::span<const Encoded* const> group, SeriesNames& names) {
  if (broken_) {
    return fail(ErrorCode::io, "the journal takes nothing more since it failed (" + broken_->message +
                                   "): check the disk, then start again");
  }
  // A segment without blocks is never full: the next one would bear its name.
  const bool full = file_ && segments_.back().bytes >= options_.segment_bytes && next_ > segments_.back().head.first;
  if (!file_ || full) {
    file_.reset();
    if (auto begun = begin_segment(); !begun) return begun;
  }
  encode_group(group, names);
  if (auto written = file_->append(buffer_); !written) {
    const Error why = take_back(written.error());
    if (broken_) file_.reset();
    return fail(why);
  }
  if (auto synced = file_->sync(); !synced) {
    broken_ = synced.error();
    file_.reset();
    return fail(ErrorCode::io, synced.error().message);
  }
  segments_.back().bytes += buffer_.size();
  for (const Encoded* item : group) {
    for (const Section& section : item->batch->sections) note(next_, item->batch->arrival, section.partition);
    ++next_.value;
  }
  written_ = next_;
  if (buffer_.capacity() > (32U << 20)) buffer_ = std::string();
  return {};
}

Result<void> Segments::drop(const std::vector<Offset>& released, Millis now) {
  // Not by the clock alone: a clock that jumps ahead must not empty the journal.
  const Millis oldest = std::min(now, newest_arrival_) - options_.retention;
  std::uint64_t total = bytes();
  std::size_t gone = 0;
  while (gone + 1 < segments_.size()) {
    const SegmentHead& after = segments_[gone + 1].head;
    bool free = true;
    for (std::size_t p = 0; p < after.needed.size(); ++p) {
      free = free && (after.needed[p].value == 0 || (p < released.size() && released[p] >= after.needed[p]));
    }
    if (!free || (after.newest_arrival >= oldest && total <= options_.max_bytes)) break;
    if (auto removed = files_.remove(path(segments_[gone].name)); !removed) {
      segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(gone));
      return removed;
    }
    total -= segments_[gone].bytes;
    ++gone;
  }
  if (gone == 0) return {};
  segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(gone));
  return files_.sync_directory(options_.directory);
}

}  // namespace millrace
