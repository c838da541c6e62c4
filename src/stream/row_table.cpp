#include "stream/row_table.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace millrace {
namespace {

constexpr Duration minute_width = width(Level::minute);
/// Rows of minutes further ahead than this may leave memory before their minute closes (clocks that run ahead).
constexpr Duration keep_ahead{120'000};
/// Buckets remembered as evicted; more, and all older ones count as evicted.
constexpr std::size_t evicted_limit = 100'000;

}  // namespace

struct RowTable::Live {
  std::shared_ptr<Row> row;
  std::uint32_t round = 0;  ///< Touched last.
  std::uint32_t dirty = 0;  ///< Place in dirty_, if touched in this round.
  std::uint32_t mark = 0;   ///< Of the minute in which `minute` is its place.
  std::uint32_t minute = 0;
  bool shared = false;  ///< A reader may hold it.
};

struct RowTable::Minute : OpenMinute {
  std::uint32_t mark = 0;
};

/// Rows of one bucket, found by series through a table of cells (linear probing, at most half full).
class RowTable::Bucket {
 public:
  explicit Bucket(Millis at) : start(at) {}

  Live* find(SeriesId series) {
    if (cells_.empty()) return nullptr;
    for (std::uint32_t at = home(series);; at = (at + 1) & mask()) {
      const Cell& cell = cells_[at];
      if (cell.row == none) return nullptr;
      if (cell.series == series.value) return &rows[cell.row];
    }
  }
  /// For a series that is not there.
  Live& add(SeriesId series, std::shared_ptr<Row> row) {
    if ((rows.size() + 1) * 2 > cells_.size()) grow();
    place(series, static_cast<std::uint32_t>(rows.size()));
    Live& live = rows.emplace_back();
    live.row = std::move(row);
    return live;
  }
  /// Finds again after `rows` was changed from outside.
  void reindex() {
    cells_.assign(std::max<std::size_t>(16, std::bit_ceil(rows.size() * 2 + 2)), Cell{});
    for (std::uint32_t i = 0; i < rows.size(); ++i) place(rows[i].row->series, i);
  }

  Millis start;
  std::vector<Live> rows;
  Minute* minute = nullptr;  ///< Null: not looked up since its minute was written.
  std::uint32_t oldest = 0;  ///< No row was touched last before this round.

 private:
  static constexpr std::uint32_t none = 0xFFFF'FFFF;
  struct Cell {
    std::uint32_t series = 0;
    std::uint32_t row = none;
  };

  [[nodiscard]] std::uint32_t mask() const { return static_cast<std::uint32_t>(cells_.size()) - 1; }
  /// Sixteen neighbouring ids lie together: those of one source come together.
  [[nodiscard]] std::uint32_t home(SeriesId series) const {
    const auto block = static_cast<std::uint32_t>(((series.value >> 4U) * 0x9E37'79B9'7F4A'7C15ULL) >> 36U);
    return (block << 4U | (series.value & 15U)) & mask();
  }
  void place(SeriesId series, std::uint32_t row) {
    std::uint32_t at = home(series);
    while (cells_[at].row != none) at = (at + 1) & mask();
    cells_[at] = {series.value, row};
  }
  void grow() {
    rows.reserve(std::max<std::size_t>(8, rows.size() * 2));
    reindex();
  }

  std::vector<Cell> cells_;
};

RowTable::RowTable(PartitionId partition, double compression, const Catalog& catalog)
    : partition_(partition), compression_(compression), catalog_(catalog) {}
RowTable::~RowTable() = default;

void RowTable::expect_stored_up_to(Millis bucket, Millis watermark) {
  stored_up_to_ = std::max(stored_up_to_, bucket);
  minutes_written_ = align_down(watermark, minute_width);
  for (Millis at = minutes_written_; at <= bucket; at = at + minute_width) {
    Minute& minute = minute_of(at);
    minute.complete = false;
    minute.whole = true;
  }
}

Millis RowTable::stored_end() const {
  const Millis last = evicted_.empty() ? stored_up_to_ : std::max(stored_up_to_, *evicted_.rbegin());
  return last == Millis::never() ? last : last + bucket_width;
}

RowTable::Slot& RowTable::make_slot(SeriesId series) {
  const std::size_t page = series.value >> page_bits;
  if (page >= slots_.size()) slots_.resize(page + 1);
  slots_[page] = std::make_unique<Slot[]>(1U << page_bits);
  return slots_[page][series.value & ((1U << page_bits) - 1)];
}

SeriesId RowTable::find_total(Slot& slot, SeriesId series) const {
  slot.total = catalog_.total(catalog_.at(series).metric).value;
  return SeriesId{slot.total};
}

RowTable::Bucket& RowTable::bucket_of(Millis start) {
  if (recent_ != nullptr && recent_->start == start) return *recent_;
  auto& bucket = buckets_[start];
  if (!bucket) bucket = std::make_unique<Bucket>(start);
  recent_ = bucket.get();
  return *recent_;
}

/// True if the commit under way may read the row: touched in its round, or merged into a minute that it closes.
bool RowTable::in_flight(const Live& live) const {
  return live.round != round_ && (live.round > committed_ || std::ranges::binary_search(flying_, live.mark));
}

Rollup& RowTable::touch(Slot& slot, SeriesId series, Millis start) {
  Bucket& bucket = bucket_of(start);
  Live* live = bucket.find(series);
  bool replaced = false;
  if (live == nullptr) {
    live = &bucket.add(series, std::make_shared<Row>(Row{partition_, series, start, Rollup(compression_)}));
    ++rows_;
  } else if (live->shared || in_flight(*live)) {
    live->row = std::make_shared<Row>(*live->row);
    live->shared = false;
    replaced = true;
  }
  if (live->round != round_) {
    live->round = round_;
    live->dirty = static_cast<std::uint32_t>(dirty_.size());
    dirty_.push_back(live->row);
  } else if (replaced) {
    dirty_[live->dirty] = live->row;
  }
  note_minute(bucket, *live, replaced);
  slot.row = live->row.get();
  slot.bucket = start;
  slot.round = round_;
  return live->row->rollup;
}

RowTable::Minute& RowTable::minute_of(Millis start) {
  auto& minute = minutes_[start];
  if (minute) return *minute;
  minute = std::make_unique<Minute>();
  minute->start = start;
  minute->mark = ++marks_;
  minute->complete = start + minute_width > minutes_written_;
  for (Millis at = start; at < start + minute_width; at = at + bucket_width) {
    if (maybe_stored(at)) minute->complete = false;
  }
  return *minute;
}

void RowTable::note_minute(Bucket& bucket, Live& live, bool replaced) {
  if (bucket.minute == nullptr) bucket.minute = &minute_of(align_down(bucket.start, minute_width));
  Minute& minute = *bucket.minute;
  if (live.mark == minute.mark) {
    if (replaced) minute.touched[live.minute] = live.row;
    return;
  }
  live.mark = minute.mark;
  live.minute = static_cast<std::uint32_t>(minute.touched.size());
  minute.touched.push_back(live.row);
}

void RowTable::put_stored(Row row) {
  Bucket& bucket = bucket_of(row.bucket);
  if (bucket.find(row.series) != nullptr) return;
  const SeriesId series = row.series;
  bucket.add(series, std::make_shared<Row>(std::move(row)));
  bucket.oldest = 0;
  ++rows_;
}

bool RowTable::contains(SeriesId series, Millis bucket) const {
  const auto at = buckets_.find(bucket);
  return at != buckets_.end() && at->second->find(series) != nullptr;
}

std::shared_ptr<const Row> RowTable::hand_out(Live& live) {
  live.shared = true;
  if (live.round == round_) {  // only then its slot may point to it
    Slot& slot = slot_of(live.row->series);
    if (slot.row == live.row.get()) slot.round = 0;
  }
  return live.row;
}

std::shared_ptr<const Row> RowTable::share(SeriesId series, Millis bucket) {
  const auto at = buckets_.find(bucket);
  if (at == buckets_.end()) return nullptr;
  Live* live = at->second->find(series);
  return live == nullptr ? nullptr : hand_out(*live);
}

std::vector<std::shared_ptr<const Row>> RowTable::share(std::span<const SeriesId> series, Millis from, Millis to) {
  std::vector<std::shared_ptr<const Row>> out;
  for (auto at = buckets_.lower_bound(from); at != buckets_.end() && at->first < to; ++at) {
    Bucket& bucket = *at->second;
    if (series.size() <= bucket.rows.size()) {
      for (const SeriesId id : series) {
        if (Live* live = bucket.find(id)) out.push_back(hand_out(*live));
      }
    } else {
      for (Live& live : bucket.rows) {
        if (std::ranges::binary_search(series, live.row->series)) out.push_back(hand_out(live));
      }
    }
  }
  return out;
}

std::vector<Millis> RowTable::buckets(Millis from, Millis to) const {
  std::vector<Millis> out;
  for (auto at = buckets_.lower_bound(from); at != buckets_.end() && at->first < to; ++at) out.push_back(at->first);
  return out;
}

bool RowTable::minute_due(Millis watermark) const {
  return !minutes_.empty() && minutes_.begin()->first + minute_width <= watermark;
}

FrozenRows RowTable::freeze(Millis watermark) {
  FrozenRows out;
  out.round = round_++;
  out.rows = std::exchange(dirty_, {});
  while (minute_due(watermark)) {
    const auto first = minutes_.begin();
    for (auto at = buckets_.lower_bound(first->first); at != buckets_.end() && at->first < first->first + minute_width;
         ++at) {
      at->second->minute = nullptr;
    }
    flying_.push_back(first->second->mark);
    out.minutes.push_back(std::move(static_cast<OpenMinute&>(*first->second)));
    minutes_.erase(first);
  }
  std::ranges::sort(flying_);
  minutes_written_ = std::max(minutes_written_, align_down(watermark, minute_width));
  return out;
}

void RowTable::committed(std::uint32_t round) {
  committed_ = std::max(committed_, round);
  flying_.clear();
}

bool RowTable::evict(std::uint32_t round, Millis watermark, std::vector<std::shared_ptr<const Row>>& garbage) {
  const auto at = buckets_.lower_bound(swept_);
  if (at == buckets_.end()) {
    swept_ = Millis::never();
    return false;
  }
  Bucket& bucket = *at->second;
  swept_ = bucket.start + bucket_width;
  const auto open = minutes_.find(align_down(bucket.start, minute_width));
  const bool ahead = open != minutes_.end() && open->first > watermark + keep_ahead;
  if (bucket.oldest > round || (open != minutes_.end() && !ahead)) return true;

  std::size_t kept = 0;
  std::uint32_t oldest = round_;
  for (Live& live : bucket.rows) {
    if (live.round > round) {
      oldest = std::min(oldest, live.round);
      if (kept != static_cast<std::size_t>(&live - bucket.rows.data())) bucket.rows[kept] = std::move(live);
      ++kept;
      continue;
    }
    if (ahead && live.mark == open->second->mark) {
      open->second->touched[live.minute].reset();
      open->second->evicted.push_back(live.row->series);
      open->second->complete = false;
    }
    garbage.push_back(std::move(live.row));
  }
  if (kept == bucket.rows.size()) {
    bucket.oldest = oldest;
    return true;
  }
  rows_ -= bucket.rows.size() - kept;
  evicted_.insert(bucket.start);
  if (evicted_.size() > evicted_limit) {
    stored_up_to_ = std::max(stored_up_to_, *evicted_.begin());
    evicted_.erase(evicted_.begin());
  }
  recent_ = nullptr;
  if (kept == 0) {
    buckets_.erase(at);
    return true;
  }
  bucket.rows.resize(kept);
  bucket.rows.shrink_to_fit();
  bucket.oldest = oldest;
  bucket.reindex();
  return true;
}

void RowTable::forget_slots(std::uint32_t round) {
  for (auto& page : slots_) {
    if (page == nullptr) continue;
    const bool idle = std::all_of(page.get(), page.get() + (1U << page_bits),
                                  [round](const Slot& slot) { return slot.round <= round; });
    if (idle) page.reset();
  }
}

}  // namespace millrace
