#pragma once

#include "base/files.hpp"
#include "base/function_ref.hpp"
#include "log/journal.hpp"
#include "log/segment.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace millrace {

/// A batch with its sections encoded, ready to become a block.
struct Encoded {
  std::shared_ptr<const EventBatch> batch;
  std::string sections;
};

/// The journal's folder: opening, repair, replay, writing and dropping of segments. One thread at a time.
class Segments {
 public:
  Segments(const JournalOptions& options, Files& files);

  /// Reads every head and the whole last segment; cuts a torn tail. With `repair` reads and mends everything.
  Result<void> open(std::vector<JournalFinding>& findings);

  /// A block that some partition has not folded yet.
  using Replay = FunctionRef<void(Offset, EventBatch, const std::vector<PartitionId>&)>;
  /// Hands over every block from `starts` on, in order, with the partitions that need it.
  Result<void> replay(const std::vector<Offset>& starts, SeriesNames& names, Replay take,
                      std::vector<JournalFinding>& findings);

  /// Writes and syncs blocks with the numbers end(), end() + 1 …; all of them or none. Begins a new segment when there
  /// is none in this process or the last is full. After `no_space` it may be tried again; after a failed sync every
  /// further call fails with `io`.
  Result<void> write(std::span<const Encoded* const> group, SeriesNames& names);

  /// Removes the oldest segments that no partition needs and that are too old or too much.
  Result<void> drop(const std::vector<Offset>& released, Millis now);

  /// One past the last durable block.
  [[nodiscard]] Offset end() const { return next_; }
  /// Bytes of all segments, and their number.
  [[nodiscard]] std::uint64_t bytes() const;
  [[nodiscard]] std::size_t count() const { return segments_.size(); }

 private:
  struct Segment {
    std::string name;
    SegmentHead head;
    std::uint64_t bytes = 0;
  };

  [[nodiscard]] std::string path(const std::string& name) const { return options_.directory + "/" + name; }
  Result<ReadHead> head_of(const std::string& name, std::uint64_t size);
  Result<void> list(std::vector<JournalFinding>& findings);
  Result<void> mend_all(std::vector<JournalFinding>& findings);
  Result<void> mend(const std::string& name, bool is_last, std::vector<JournalFinding>& findings);
  Result<void> read_last(std::vector<JournalFinding>& findings);
  Result<void> find_gaps(const std::vector<Offset>& starts, std::vector<JournalFinding>& findings) const;
  [[nodiscard]] bool is_needed(std::size_t segment, const std::vector<Offset>& starts) const;
  [[nodiscard]] const std::vector<Offset>& needed_after(std::size_t segment) const;
  Result<void> replay_segment(std::size_t segment, const std::vector<Offset>& starts, SeriesNames& names, Replay take,
                              std::vector<JournalFinding>& findings);

  Result<void> begin_segment();
  void encode_group(std::span<const Encoded* const> group, SeriesNames& names);
  Error take_back(Error why);
  void note(Offset number, Millis arrival, PartitionId partition);

  const JournalOptions& options_;
  Files& files_;
  std::vector<Segment> segments_;

  Offset next_;
  Offset written_;  ///< One past the last block that was ever written; below next_ where numbers were skipped.
  Millis newest_arrival_ = Millis::never();
  std::vector<Offset> needed_;  ///< By partition: one past the last block with a section for it.

  std::unique_ptr<AppendFile> file_;    ///< The last segment's, once this process has begun one.
  std::vector<std::uint64_t> defined_;  ///< Bit by series: the current segment defines it.
  std::vector<std::uint32_t> newly_defined_;
  std::string buffer_;
  std::optional<Error> broken_;
};

}  // namespace millrace
