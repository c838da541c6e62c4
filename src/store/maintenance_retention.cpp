#include "store/maintenance.hpp"
#include "store/page.hpp"
#include "store/page_view.hpp"
#include "store/rocks_database.hpp"

#include <algorithm>
#include <array>

namespace millrace {
namespace {

constexpr Duration most_unconfirmed{24LL * 3'600'000};

/// What a level may lose: the spans before `floor`.
struct Drop {
  Level level;
  std::int32_t floor;
};

void remove_before(RocksDatabase& database, rocksdb::WriteBatch& batch, const Drop& drop) {
  const std::string begin = encode_level(drop.level);
  const std::string end = encode_span(drop.level, drop.floor);
  for (auto* family : {database.index(), database.pages(), database.digests()}) {
    (void)batch.DeleteRange(family, begin, end);
  }
  if (drop.level != Level::minute) return;
  // An hour that has no minutes left is never derived again.
  (void)batch.DeleteRange(database.hours(), "", encode_hour(hour_of(span_start(drop.level, drop.floor))));
}

}  // namespace

Result<bool> Maintenance::retain(Millis now, const Retention& retention) {
  if (now <= Millis{0}) return false;
  const std::array<std::pair<Level, Duration>, 4> limits{{{Level::raw, retention.raw},
                                                          {Level::ten_seconds, retention.ten_seconds},
                                                          {Level::minute, retention.minute},
                                                          {Level::hour, retention.hour}}};
  const auto view = database_.view();
  std::vector<Drop> drops;
  bool much = false;
  for (const auto& [level, limit] : limits) {
    const Drop drop{level, span_of(level, now - limit)};
    const auto spans = view->spans(level);
    const auto old = std::lower_bound(spans.begin(), spans.end(), drop.floor) - spans.begin();
    if (old == 0) continue;
    drops.push_back(drop);
    if (old * page_span(level) > most_unconfirmed) much = true;
  }
  waits_ = much && !confirmed_;
  if (waits_) return false;
  minutes_from_ = span_start(Level::minute, span_of(Level::minute, now - retention.minute));
  if (drops.empty()) return false;
  rocksdb::WriteBatch batch;
  for (const Drop& drop : drops) remove_before(database_, batch, drop);
  if (auto dropped = database_.drop_pages(batch); !dropped) return fail(dropped.error());
  confirmed_ = false;
  for (const Drop& drop : drops) {
    const std::string begin = encode_level(drop.level);
    const std::string end = encode_span(drop.level, drop.floor);
    const rocksdb::Slice from(begin);
    const rocksdb::Slice to(end);
    // Gives the space back soon rather than when new data happens to overlap.
    for (auto* family : {database_.pages(), database_.digests()}) {
      (void)database_.db().SuggestCompactRange(family, &from, &to);
    }
  }
  return true;
}

}  // namespace millrace
