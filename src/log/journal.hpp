#pragma once

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/metrics.hpp"
#include "log/log.hpp"
#include "log/series_names.hpp"
#include "model/producer_memory.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// How a Journal keeps its blocks. Defaults are those of the configuration.
struct JournalOptions {
  std::string directory;
  std::uint16_t partitions = 4;
  std::uint64_t segment_bytes = 64ULL << 20;
  Duration retention{24 * 3'600'000};        ///< By arrival: newer segments stay, released or not.
  std::uint64_t max_bytes = 10'000'000'000;  ///< Above it the oldest released segments go before their time.
  std::uint64_t queue_bytes = 64ULL << 20;   ///< Of waiting appends, in memory; beyond: `exhausted`.
  std::size_t queue_batches = 16'384;        ///< The same, counted.
  bool repair = false;                       ///< Take out what is damaged and go on with what is whole.
  std::optional<std::uint64_t> salt;         ///< Of the checksums; chosen at random if absent.
};

/// Something that opening or start found and dealt with; also written to the process log.
struct JournalFinding {
  enum class Kind {
    torn_tail,  ///< An interrupted write was cut off; it had not been acknowledged.
    dropped,    ///< Repair took out damaged bytes, or blocks that depend on them. The original is kept as NAME.damaged.
    gap,        ///< Blocks that a partition still needed are not there.
  };
  Kind kind;
  std::string segment;
  std::uint64_t at = 0;
  std::uint64_t size = 0;
  std::string message;
};

/// The embedded Log: one sequence of segment files a node; a batch is one checksummed block with a section a partition.
///
/// An append is acknowledged after the block that holds it has been fsynced; appends that wait together share one
/// fsync. Batches are encoded on the caller's thread; the journal's own thread writes, syncs, delivers and calls
/// `done`. A refusal that needs no writing (queue full, stopped, broken, no valid batch) calls `done` before append
/// returns. A producer's repeated sequence is acknowledged as duplicate once the earlier batch is durable; one below
/// the window is refused as `conflict`, its message beginning with "sequence_too_old".
///
/// A full disk refuses appends with `no_space` until there is room again. After a failed fsync every append is refused
/// with `io` until the process starts again: what the kernel dropped can't be written twice.
///
/// Opening cuts a torn tail at the last whole block; a bad block in the middle is `corrupt` and names segment and byte,
/// or with `repair` is taken out. A segment of an unknown version refuses to open; nothing has been touched then.
/// Format: docs/formats/journal.md.
class Journal final : public Log {
 public:
  /// `seen`: what producers have sent up to the offsets that start() will be given. All references are borrowed.
  static Result<std::unique_ptr<Journal>> open(JournalOptions options, Files& files, const Clock& clock,
                                               Metrics& metrics, SeriesNames& names, ProducerMemory seen);
  ~Journal() override;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  [[nodiscard]] std::uint16_t partitions() const override;
  /// Errors, besides those of files: `corrupt` (a bad block, or blocks that a partition needs are missing),
  /// `invalid_argument` (the journal holds more partitions than are configured).
  Result<void> start(const std::vector<Offset>& starts, Receiver& receiver) override;
  void append(std::shared_ptr<const EventBatch> batch, Done done) override;
  void release(PartitionId partition, Offset next) override;
  [[nodiscard]] Offset end() const override;
  void stop() override;

  /// What opening and start found. Not to be called while start runs.
  [[nodiscard]] const std::vector<JournalFinding>& findings() const;

 private:
  struct Impl;
  explicit Journal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
