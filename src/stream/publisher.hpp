#pragma once

#include "bus/bus.hpp"
#include "catalog/catalog.hpp"
#include "stream/partition.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace millrace {

/// Publishes what is watched of one partition: rows that changed, and a watermark that makes a bucket final.
///
/// A row handed out is never written again, so "changed" means "another object than the one published last".
/// A topic with a new subscriber first gets every bucket that is in memory or still open.
class Publisher {
 public:
  Publisher(Bus& bus, const Catalog& catalog);

  /// Publishes the changes since the call before. Answers how many updates went out.
  std::size_t publish(Partition& partition, Millis now);

 private:
  struct Subject {
    std::shared_ptr<const Topic> topic;
    std::uint64_t since = 0;
    std::vector<SeriesId> series;  ///< Only grows, at its end.
    bool fresh = true;
    Millis final_told = Millis::never();  ///< Buckets that end by then were told to be final.
    std::map<Millis, std::vector<std::shared_ptr<const Row>>> sent;  ///< By bucket, as `series`.
  };

  void refresh();
  void resolve(Subject& subject) const;
  bool add_changes(Partition& partition, Subject& subject, Millis bucket, Update& update);
  std::size_t publish(Partition& partition, Subject& subject, const Partition::Span& touched, Millis now);

  Bus& bus_;
  const Catalog& catalog_;
  std::uint64_t watch_version_ = 0;
  std::uint64_t catalog_version_ = 0;
  std::vector<Subject> subjects_;
};

}  // namespace millrace
