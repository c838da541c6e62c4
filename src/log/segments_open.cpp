#include "log/segments.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <unordered_map>

namespace millrace {
namespace {

constexpr std::string_view mended_suffix = ".repair";
constexpr std::string_view damaged_suffix = ".damaged";

std::unexpected<Error> corrupt(const std::string& segment, std::uint64_t at, std::string_view what) {
  return fail(ErrorCode::corrupt,
              fmt::format("journal segment {} at byte {}: {}; `millrace serve --repair` keeps what is whole", segment,
                          at, what));
}

void report(std::vector<JournalFinding>& findings, JournalFinding finding) {
  spdlog::warn("journal segment {}, byte {}, {} bytes: {}", finding.segment, finding.at, finding.size, finding.message);
  findings.push_back(std::move(finding));
}

/// Moves the definitions that a batch uses out of those that have not been written yet.
std::vector<LocalSeries> take_used(std::unordered_map<std::uint32_t, std::string_view>& missing,
                                   const EventBatch& batch) {
  std::vector<LocalSeries> used;
  for (const Section& section : batch.sections) {
    for (const SeriesId id : section.series) {
      const auto it = missing.find(id.value);
      if (it == missing.end()) continue;
      used.push_back({it->first, it->second});
      missing.erase(it);
    }
  }
  return used;
}

/// Writes a file as a whole, durable but for its name.
Result<void> write_file(Files& files, const std::string& path, std::string_view bytes) {
  (void)files.remove(path);
  auto file = files.append(path);
  if (!file) return fail(file.error());
  if (auto written = (*file)->append(bytes); !written) return written;
  return (*file)->sync();
}

}  // namespace

Result<ReadHead> Segments::head_of(const std::string& name, std::uint64_t size) {
  const std::size_t guess = segment_head_size(options_.partitions);
  for (const std::size_t enough : {std::max<std::size_t>(guess, 4096), max_segment_head}) {
    const auto bytes = files_.read(path(name), 0, enough);
    if (!bytes) return fail(bytes.error());
    auto head = read_segment_head(*bytes);
    if (head || head.error().code != ErrorCode::corrupt || bytes->size() == size) return head;
  }
  return fail(ErrorCode::corrupt, "its head is not what was written");
}

Result<void> Segments::list(std::vector<JournalFinding>& findings) {
  segments_.clear();
  const auto names = files_.list(options_.directory);
  if (!names) return fail(names.error());
  std::vector<std::string> found;
  std::copy_if(names->begin(), names->end(), std::back_inserter(found),
               [](const std::string& name) { return segment_first(name).has_value(); });
  std::optional<std::string> torn;
  for (const std::string& name : found) {
    const auto size = files_.size(path(name));
    if (!size) return fail(size.error());
    const auto read = head_of(name, *size);
    if (read && read->head.first == *segment_first(name)) {
      segments_.push_back({name, read->head, *size});
      continue;
    }
    if (!read && read.error().code == ErrorCode::unsupported_version) {
      return fail(ErrorCode::unsupported_version, "journal segment " + name + ": " + read.error().message);
    }
    if (!read && read.error().code != ErrorCode::corrupt) return fail(read.error());
    // Blocks are written only once the head is durable.
    if (name == found.back() && *size <= segment_head_size(options_.partitions)) {
      torn = name;
      continue;
    }
    return corrupt(name, 0, read ? "it does not begin with the block that its name says" : read.error().message);
  }
  // Only now, when all of them are of a known version, may anything be changed.
  if (torn) {
    const auto size = files_.size(path(*torn));
    if (auto removed = files_.remove(path(*torn)); !removed) return removed;
    report(findings, {JournalFinding::Kind::torn_tail, *torn, 0, size.value_or(0), "a segment without blocks removed"});
  }
  return {};
}

Result<void> Segments::read_last(std::vector<JournalFinding>& findings) {
  if (segments_.empty()) return {};
  Segment& last = segments_.back();
  const auto bytes = files_.read(path(last.name));
  if (!bytes) return fail(bytes.error());
  const auto head = read_segment_head(*bytes);
  if (!head) return corrupt(last.name, 0, head.error().message);
  newest_arrival_ = head->head.newest_arrival;
  needed_ = head->head.needed;
  needed_.resize(std::max<std::size_t>(needed_.size(), options_.partitions));

  SegmentReader reader(*bytes, *head);
  while (const auto block = reader.next()) {
    const auto partitions = partitions_of(*block);
    if (!partitions) return corrupt(last.name, reader.position() - block->size, partitions.error().message);
    for (const PartitionId partition : *partitions) note(block->place.number, block->arrival, partition);
  }
  if (const auto damage = reader.damage()) {
    if (!damage->torn) return corrupt(last.name, damage->at, "a block is not what was written");
    if (auto cut = files_.truncate(path(last.name), damage->at); !cut) return cut;
    report(findings, {JournalFinding::Kind::torn_tail, last.name, damage->at, damage->size,
                      "an interrupted write cut off; nothing of it had been acknowledged"});
    last.bytes = damage->at;
  }
  const bool empty = reader.position() == head->size;
  written_ = empty ? last.head.follows : reader.next_number();
  next_ = reader.next_number();
  if (empty) {
    if (auto removed = files_.remove(path(last.name)); !removed) return removed;
    segments_.pop_back();
    return {};
  }
  // What a killed process left unsynced will be delivered now: from here on it has to be durable. So has the cut.
  auto file = files_.append(path(last.name));
  if (!file) return fail(file.error());
  return (*file)->sync();
}

Result<void> Segments::open(std::vector<JournalFinding>& findings) {
  if (auto made = files_.make_directory(options_.directory); !made) return made;
  if (options_.repair) {
    if (auto mended = mend_all(findings); !mended) return mended;
  }
  if (auto listed = list(findings); !listed) return listed;
  if (auto read = read_last(findings); !read) return read;
  return files_.sync_directory(options_.directory);
}

Result<void> Segments::mend_all(std::vector<JournalFinding>& findings) {
  const auto names = files_.list(options_.directory);
  if (!names) return fail(names.error());
  std::vector<std::string> found;
  for (const std::string& name : *names) {
    if (!segment_first(name)) continue;
    found.push_back(name);
    const auto size = files_.size(path(name));
    if (!size) return fail(size.error());
    const auto head = head_of(name, *size);
    if (!head && head.error().code == ErrorCode::unsupported_version) {
      return fail(ErrorCode::unsupported_version, "journal segment " + name + ": " + head.error().message);
    }
  }
  for (const std::string& name : found) {
    if (auto mended = mend(name, name == found.back(), findings); !mended) return mended;
  }
  return {};
}

Result<void> Segments::mend(const std::string& name, bool is_last, std::vector<JournalFinding>& findings) {
  const auto bytes = files_.read(path(name));
  if (!bytes) return fail(bytes.error());
  // The same rule as in list(): an interrupted beginning is no damage.
  if (is_last && bytes->size() <= segment_head_size(options_.partitions)) return {};
  const std::size_t before = findings.size();
  const auto dropped = [&](std::uint64_t at, std::uint64_t size, std::string what) {
    report(findings, {JournalFinding::Kind::dropped, name, at, size, std::move(what)});
  };
  const bool head_is_whole = read_segment_head(*bytes).has_value();
  auto head = salvage_segment_head(*bytes);
  if (head) head->head.first = *segment_first(name);

  std::string whole;
  if (!head) {
    dropped(0, bytes->size(), "no copy of its head is whole: nothing in it can be checked");
  } else {
    SegmentHead mended = head->head;
    mended.repaired = true;
    encode_segment_head(mended, whole);
    if (!head_is_whole) dropped(0, head->size, "its head restored from the copy");
    SegmentReader reader(*bytes, *head);
    SeriesMap defined;
    std::unordered_map<std::uint32_t, std::string_view> missing;  // defined, but not in `whole` yet
    while (true) {
      const auto block = reader.next();
      if (!block) {
        const auto damage = reader.damage();
        // A torn tail of the last segment is no damage: opening cuts it.
        if (!damage || (damage->torn && is_last)) break;
        dropped(damage->at, damage->size, fmt::format("bytes after block {} are no block", reader.next_number().value));
        reader.skip(*damage);
        continue;
      }
      for (const LocalSeries& series : block->definitions) {
        defined.define(series.local, SeriesId{series.local});
        missing.emplace(series.local, series.key);
      }
      const std::uint64_t at = reader.position() - block->size;
      const auto batch = decode_batch(*block, defined);
      if (!batch) {
        dropped(at, block->size, fmt::format("block {}: {}", block->place.number.value, batch.error().message));
        continue;
      }
      encode_block(block->place, mended.salt, *batch, take_used(missing, *batch), block->sections, whole);
    }
    whole.append(*bytes, static_cast<std::size_t>(reader.position()));
  }
  if (findings.size() == before) return {};
  if (auto kept = write_file(files_, path(name) + std::string(damaged_suffix), *bytes); !kept) return kept;
  if (!head) {
    if (auto synced = files_.sync_directory(options_.directory); !synced) return synced;
    if (auto removed = files_.remove(path(name)); !removed) return removed;
    return files_.sync_directory(options_.directory);
  }
  const std::string mended = path(name) + std::string(mended_suffix);
  if (auto written = write_file(files_, mended, whole); !written) return written;
  if (auto synced = files_.sync_directory(options_.directory); !synced) return synced;
  if (auto renamed = files_.rename(mended, path(name)); !renamed) return renamed;
  return files_.sync_directory(options_.directory);
}

const std::vector<Offset>& Segments::needed_after(std::size_t segment) const {
  return segment + 1 < segments_.size() ? segments_[segment + 1].head.needed : needed_;
}

bool Segments::is_needed(std::size_t segment, const std::vector<Offset>& starts) const {
  const std::vector<Offset>& before = segments_[segment].head.needed;
  const std::vector<Offset>& after = needed_after(segment);
  for (std::size_t p = 0; p < after.size(); ++p) {
    const Offset begin = p < before.size() ? before[p] : Offset{};
    const Offset start = p < starts.size() ? starts[p] : Offset{};
    if (after[p] > begin && after[p] > start) return true;
  }
  return false;
}

Result<void> Segments::find_gaps(const std::vector<Offset>& starts, std::vector<JournalFinding>& findings) const {
  if (segments_.empty()) return {};
  const Segment& first = segments_.front();
  for (std::size_t p = 0; p < first.head.needed.size(); ++p) {
    const Offset start = p < starts.size() ? starts[p] : Offset{};
    if (first.head.needed[p] <= start) continue;
    const std::string what = fmt::format("partition {} has folded up to block {}, but the journal begins at block {}",
                                         p, start.value, first.head.first.value);
    if (!options_.repair) return corrupt(first.name, 0, what);
    report(findings, {JournalFinding::Kind::gap, first.name, 0, 0, what});
  }
  return {};
}

Result<void> Segments::replay_segment(std::size_t number, const std::vector<Offset>& starts, SeriesNames& names,
                                      Replay take, std::vector<JournalFinding>& findings) {
  const Segment& segment = segments_[number];
  const auto bytes = files_.read(path(segment.name));
  if (!bytes) return fail(bytes.error());
  const auto head = read_segment_head(*bytes);
  if (!head) return corrupt(segment.name, 0, head.error().message);
  SegmentReader reader(*bytes, *head);
  SeriesMap series;
  std::vector<PartitionId> wanted;
  while (const auto block = reader.next()) {
    const std::uint64_t at = reader.position() - block->size;
    for (const LocalSeries& definition : block->definitions) {
      const auto key = decode_series_key(definition.key);
      if (!key) return corrupt(segment.name, at, key.error().message);
      series.define(definition.local, names.adopt(*key, block->arrival));
    }
    const auto partitions = partitions_of(*block);
    if (!partitions) return corrupt(segment.name, at, partitions.error().message);
    wanted.clear();
    for (const PartitionId partition : *partitions) {
      if (partition.value >= starts.size()) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("the journal holds partition {}, but log.partitions is {}: set it to at least {}",
                                partition.value, starts.size(), partition.value + 1));
      }
      if (starts[partition.value] <= block->place.number) wanted.push_back(partition);
    }
    if (wanted.empty()) continue;
    auto batch = decode_batch(*block, series);
    if (!batch) return corrupt(segment.name, at, batch.error().message);
    take(block->place.number, std::move(*batch), wanted);
  }
  if (const auto damage = reader.damage()) return corrupt(segment.name, damage->at, "a block is not what was written");
  if (number + 1 == segments_.size() || reader.next_number() == segments_[number + 1].head.follows) return {};
  const std::string what =
      fmt::format("it ends before block {}, but segment {} follows block {}", reader.next_number().value,
                  segments_[number + 1].name, segments_[number + 1].head.follows.value);
  if (!options_.repair && !segment.head.repaired) return corrupt(segment.name, reader.position(), what);
  report(findings, {JournalFinding::Kind::gap, segment.name, reader.position(), 0, what});
  return {};
}

Result<void> Segments::replay(const std::vector<Offset>& starts, SeriesNames& names, Replay take,
                              std::vector<JournalFinding>& findings) {
  if (auto whole = find_gaps(starts, findings); !whole) return whole;
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    if (!is_needed(i, starts)) continue;
    if (auto done = replay_segment(i, starts, names, take, findings); !done) return done;
  }
  // Where the store is ahead of the journal (the journal was lost, or a disk forgot what it had synced), numbers that
  // the store has seen are never given again.
  for (const Offset start : starts) next_ = std::max(next_, start);
  return {};
}

}  // namespace millrace
