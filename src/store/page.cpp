#include "store/page.hpp"

#include "store/page_version.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace millrace {
namespace {

constexpr std::uint8_t rows_kind = 1;

/// Fields that a patch may set, in the order of the format.
enum Field : std::uint8_t { first_field, last_field, min_field, max_field, sum_field, compensation_field, field_count };

/// Sums further than this from a multiple are patched.
constexpr std::int64_t most_sum_steps = 1 << 20;

using wrapping::add;
using wrapping::multiply;
using wrapping::subtract;

/// What a sum is expected to be: count times the middle of first and last.
std::int64_t expected_sum(std::int64_t count, std::int64_t first, std::int64_t last) {
  // Halved before added: no overflow, and both sides round alike.
  return multiply(count, add(first >> 1, last >> 1));
}

/// A number as odd * 2^exponent. Not for 0, NaN and infinities.
struct Scaled {
  std::int64_t odd;
  int exponent;
};

Scaled scaled(double value) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  auto odd = static_cast<std::int64_t>(std::ldexp(fraction, 53));
  exponent -= 53;
  const int zeros = std::countr_zero(static_cast<std::uint64_t>(odd));
  return {odd >> zeros, exponent + zeros};
}

/// Collects what does not fit its column, and writes the columns.
class PageWriter {
 public:
  PageWriter(Level level, Millis start, std::span<const PageRow> rows) : rows_(rows) {
    ByteWriter writer(out_);
    writer.fixed(page_version);
    writer.fixed(rows_kind);
    writer.fixed(static_cast<std::uint8_t>(level));
    writer.fixed(start.value);
    writer.varint(rows.size());
    write_series();
    write_buckets(start, width(level).count());
    write_plain();
    write_values();
    write_compensations();
    write_patches();
    out_.append(PackedInts::slack, '\0');
  }

  [[nodiscard]] std::string take() && { return std::move(out_); }

 private:
  template <class Get>
  std::span<const std::int64_t> column(Get get) {
    column_.clear();
    for (std::size_t i = 0; i < rows_.size(); ++i) column_.push_back(get(i));
    return column_;
  }

  void write_series() {
    std::vector<std::int64_t> ids;
    std::vector<std::int64_t> sizes;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (i > 0 && rows_[i].series == rows_[i - 1].series) continue;
      const std::int64_t before = i == 0 ? -1 : static_cast<std::int64_t>(rows_[i - 1].series.value);
      ids.push_back(static_cast<std::int64_t>(rows_[i].series.value) - before - 1);
      starts_.push_back(static_cast<std::uint32_t>(i));
    }
    starts_.push_back(static_cast<std::uint32_t>(rows_.size()));
    for (std::size_t s = 0; s + 1 < starts_.size(); ++s) sizes.push_back(starts_[s + 1] - starts_[s] - 1);
    ByteWriter(out_).varint(ids.size());
    PackedInts::write(ids, out_);
    PackedInts::write(sizes, out_);
  }

  void write_buckets(Millis start, std::int64_t bucket_width) {
    std::vector<std::int64_t> firsts;
    std::vector<std::int64_t> gaps;
    gaps.reserve(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (i == 0 || rows_[i].series != rows_[i - 1].series) {
        firsts.push_back((rows_[i].bucket.value - start.value) / bucket_width);
      } else {
        gaps.push_back(((rows_[i].bucket.value - rows_[i - 1].bucket.value) / bucket_width) - 1);
      }
    }
    PackedInts::write(firsts, out_);
    PackedInts::write(gaps, out_);
  }

  void write_plain() {
    SteppedInts::write(column([&](std::size_t i) { return static_cast<std::int64_t>(rows_[i].count); }), starts_, out_);
    const auto first_time = [&](std::size_t i) { return subtract(rows_[i].first_time.value, rows_[i].bucket.value); };
    const auto last_time = [&](std::size_t i) { return subtract(rows_[i].last_time.value, rows_[i].first_time.value); };
    SteppedInts::write(column(first_time), starts_, out_);
    SteppedInts::write(column(last_time), starts_, out_);
  }

  /// The value as a whole number; patched, with `otherwise` in its place, if it is none.
  std::int64_t whole(std::size_t row, Field field, double value, std::int64_t otherwise) {
    if (const auto number = domain_.whole(value)) return *number;
    patches_.push_back({static_cast<std::uint32_t>(row), field, value});
    return otherwise;
  }

  void choose_domain() {
    std::vector<double> values;
    values.reserve(rows_.size() * 3);
    for (const PageRow& row : rows_) {
      values.push_back(row.first);
      values.push_back(row.min);
      values.push_back(row.max);
    }
    domain_ = NumberDomain::of(values);
  }

  void write_values() {
    choose_domain();
    ByteWriter(out_).fixed(domain_.code());
    std::vector<std::int64_t> bases;
    std::vector<std::int64_t> firsts;
    std::vector<std::int64_t> lasts;
    std::vector<std::int64_t> mins;
    std::vector<std::int64_t> maxes;
    std::vector<std::int64_t> sums;
    std::vector<std::int64_t> steps;
    for (auto* column : {&firsts, &lasts, &mins, &maxes, &sums, &steps}) column->reserve(rows_.size());
    std::int64_t before = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const PageRow& row = rows_[i];
      const std::int64_t first = whole(i, first_field, row.first, before);
      const std::int64_t last = whole(i, last_field, row.last, first);
      const std::int64_t low = std::min(first, last);
      const std::int64_t high = std::max(first, last);
      if (i == 0 || row.series != rows_[i - 1].series) {
        bases.push_back(first);
      } else {
        firsts.push_back(subtract(first, before));
      }
      lasts.push_back(subtract(last, first));
      mins.push_back(subtract(low, whole(i, min_field, row.min, low)));
      maxes.push_back(subtract(whole(i, max_field, row.max, high), high));
      before = last;
      if (domain_.is_bits()) {
        sums.push_back(NumberDomain::ordered(row.sum));
      } else {
        const auto [multiple, step] = nearest(i, first, last);
        sums.push_back(subtract(multiple, expected_sum(static_cast<std::int64_t>(row.count), first, last)));
        steps.push_back(step);
      }
    }
    PackedInts::write(bases, out_);
    PackedInts::write(firsts, out_);
    PackedInts::write(lasts, out_);
    PackedInts::write(mins, out_);
    PackedInts::write(maxes, out_);
    SteppedInts::write(sums, starts_, out_);
    if (!domain_.is_bits()) PackedInts::write(steps, out_);
  }

  /// A sum as a multiple and how many doubles it lies above it.
  std::pair<std::int64_t, std::int64_t> nearest(std::size_t row, std::int64_t first, std::int64_t last) {
    const double sum = rows_[row].sum;
    if (const auto multiple = domain_.nearest(sum)) {
      const std::int64_t step = subtract(NumberDomain::ordered(sum), NumberDomain::ordered(domain_.value(*multiple)));
      if (step > -most_sum_steps && step < most_sum_steps) return {*multiple, step};
    }
    patches_.push_back({static_cast<std::uint32_t>(row), sum_field, sum});
    return {expected_sum(static_cast<std::int64_t>(rows_[row].count), first, last), 0};
  }

  void write_compensations() {
    ByteWriter writer(out_);
    int least = std::numeric_limits<int>::max();
    int most = std::numeric_limits<int>::min();
    bool scalable = true;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const double value = rows_[i].compensation;
      if (value == 0 && std::signbit(value))
        patches_.push_back({static_cast<std::uint32_t>(i), compensation_field, value});
      if (value == 0) continue;
      if (!std::isfinite(value)) {
        scalable = false;
        break;
      }
      least = std::min(least, scaled(value).exponent);
      most = std::max(most, std::ilogb(value));
    }
    if (!scalable || (least <= most && most - least > 60)) {
      writer.fixed(std::uint8_t{2});
      PackedInts::write(column([&](std::size_t i) { return NumberDomain::ordered(rows_[i].compensation); }), out_);
      return;
    }
    if (least > most) return writer.fixed(std::uint8_t{0});
    writer.fixed(std::uint8_t{1});
    writer.signed_varint(least);
    const auto multiple = [&](std::size_t i) -> std::int64_t {
      if (rows_[i].compensation == 0) return 0;
      const Scaled value = scaled(rows_[i].compensation);
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(value.odd) << (value.exponent - least));
    };
    PackedInts::write(column(multiple), out_);
  }

  void write_patches() {
    std::sort(patches_.begin(), patches_.end(),
              [](const Patch& a, const Patch& b) { return a.row != b.row ? a.row < b.row : a.field < b.field; });
    ByteWriter writer(out_);
    writer.varint(patches_.size());
    std::uint32_t row = 0;
    for (const Patch& patch : patches_) {
      writer.varint(patch.row - row);
      writer.fixed(static_cast<std::uint8_t>(patch.field));
      writer.fixed(patch.value);
      row = patch.row;
    }
  }

  struct Patch {
    std::uint32_t row;
    Field field;
    double value;
  };

  std::span<const PageRow> rows_;
  std::string out_;
  std::vector<std::uint32_t> starts_;
  std::vector<std::int64_t> column_;
  NumberDomain domain_;
  std::vector<Patch> patches_;
};

}  // namespace

std::string encode_page(Level level, Millis start, std::span<const PageRow> rows) {
  return PageWriter(level, start, rows).take();
}

Result<Page> Page::open(std::string_view bytes) {
  if (!bytes.empty() && static_cast<std::uint8_t>(bytes[0]) != page_version) {
    return fail(ErrorCode::unsupported_version, "page of rows: version " +
                                                    std::to_string(static_cast<std::uint8_t>(bytes[0])) +
                                                    " is unknown; a newer Millrace may read it");
  }
  Page page;
  if (!page.parse(bytes)) return fail(ErrorCode::corrupt, "page of rows: its bytes are not what was written");
  return page;
}

bool Page::parse_series(ByteReader& reader, std::size_t rows) {
  const std::uint64_t count = reader.varint();
  if (!reader.ok() || count == 0 || count > rows) return false;
  const auto ids = PackedInts::read(reader, count);
  if (!ids) return false;
  const auto sizes = PackedInts::read(reader, count);
  if (!sizes) return false;
  columns_.resize(count * 2);
  const std::span<std::int64_t> gap(columns_.data(), count);
  const std::span<std::int64_t> size(columns_.data() + count, count);
  ids->unpack(0, gap);
  sizes->unpack(0, size);
  series_.reserve(count);
  starts_.reserve(count + 1);
  std::int64_t id = -1;
  std::size_t start = 0;
  for (std::size_t s = 0; s < count; ++s) {
    if (gap[s] < 0 || gap[s] > std::numeric_limits<std::uint32_t>::max()) return false;
    id += gap[s] + 1;
    if (id > std::numeric_limits<std::uint32_t>::max()) return false;
    series_.emplace_back(static_cast<std::uint32_t>(id));
    starts_.push_back(static_cast<std::uint32_t>(start));
    if (size[s] < 0 || static_cast<std::uint64_t>(size[s]) >= most_span_buckets) return false;
    start += static_cast<std::size_t>(size[s]) + 1;
    if (start > rows) return false;
  }
  starts_.push_back(static_cast<std::uint32_t>(start));
  return start == rows;
}

bool Page::parse_patches(ByteReader& reader) {
  const std::uint64_t count = reader.varint();
  if (!reader.ok() || count > rows() * field_count || count * 10 > reader.left()) return false;
  patches_.reserve(count);
  std::uint64_t row = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t step = reader.varint();
    const auto field = reader.fixed<std::uint8_t>();
    const auto value = reader.fixed<double>();
    if (!reader.ok() || step >= rows() - row || field >= field_count) return false;
    row += step;
    patches_.push_back({static_cast<std::uint32_t>(row), field, value});
  }
  return true;
}

bool Page::parse(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto version = reader.fixed<std::uint8_t>();
  const auto kind = reader.fixed<std::uint8_t>();
  const auto level = reader.fixed<std::uint8_t>();
  start_ = Millis{reader.fixed<std::int64_t>()};
  const std::uint64_t rows = reader.varint();
  if (!reader.ok() || version != page_version || kind != rows_kind || level < 1 || level > 3) return false;
  if (rows == 0 || rows > most_page_rows) return false;
  level_ = static_cast<Level>(level);
  // Far from the ends of the range, so that no bucket of the span wraps around.
  if (start_.value > std::numeric_limits<std::int64_t>::max() / 2 || start_ < Millis::never()) return false;
  if (align_down(start_, page_span(level_)) != start_) return false;
  if (!parse_series(reader, rows)) return false;
  const std::size_t series = series_.size();

  const auto packed = [&](PackedInts& into, std::size_t size) {
    auto column = PackedInts::read(reader, size);
    if (column) into = std::move(*column);
    return column.has_value();
  };
  const auto stepped = [&](SteppedInts& into) {
    auto column = SteppedInts::read(reader, rows, series);
    if (column) into = std::move(*column);
    return column.has_value();
  };
  if (!packed(first_buckets_, series) || !packed(bucket_gaps_, rows - series)) return false;
  if (!stepped(counts_) || !stepped(first_times_) || !stepped(last_times_)) return false;
  const auto domain = NumberDomain::from_code(reader.fixed<std::uint8_t>());
  if (!reader.ok() || !domain) return false;
  domain_ = *domain;
  if (!packed(bases_, series) || !packed(firsts_, rows - series)) return false;
  if (!packed(lasts_, rows) || !packed(mins_, rows) || !packed(maxes_, rows)) return false;
  if (!stepped(sums_)) return false;
  if (!domain_.is_bits() && !packed(sum_steps_, rows)) return false;
  const auto compensation = reader.fixed<std::uint8_t>();
  if (!reader.ok() || compensation > 2) return false;
  compensation_ = static_cast<Compensation>(compensation);
  if (compensation_ == Compensation::scaled) {
    compensation_exponent_ = reader.signed_varint();
    if (compensation_exponent_ < -1200 || compensation_exponent_ > 1200) return false;
  }
  if (compensation_ != Compensation::zero && !packed(compensations_, rows)) return false;
  return parse_patches(reader) && reader.left() == PackedInts::slack;
}

Result<std::span<const PageRow>> Page::read(std::size_t index) {
  const std::size_t start = starts_[index];
  const std::size_t size = starts_[index + 1] - start;
  // A column of numbers after another, then rows from them.
  columns_.resize(size * 10);
  const auto column = [&](std::size_t c) { return std::span<std::int64_t>(columns_.data() + (c * size), size); };
  const auto gap = column(0);
  const auto count = column(1);
  const auto first_time = column(2);
  const auto last_time = column(3);
  const auto first = column(4);
  const auto last = column(5);
  const auto min = column(6);
  const auto max = column(7);
  const auto sum = column(8);
  const auto rest = column(9);

  gap[0] = first_buckets_.at(index);
  bucket_gaps_.unpack(start - index, gap.subspan(1));
  counts_.unpack(index, start, count);
  first_times_.unpack(index, start, first_time);
  last_times_.unpack(index, start, last_time);
  first[0] = bases_.at(index);
  firsts_.unpack(start - index, first.subspan(1));
  lasts_.unpack(start, last);
  mins_.unpack(start, min);
  maxes_.unpack(start, max);
  sums_.unpack(index, start, sum);

  out_.resize(size);
  const std::int64_t bucket_width = width(level_).count();
  const std::int64_t buckets = page_span(level_).count() / bucket_width;
  std::int64_t bucket = -1;
  for (std::size_t i = 0; i < size; ++i) {
    if (gap[i] < 0 || gap[i] >= buckets - bucket - 1) {
      return fail(ErrorCode::corrupt, "page of rows: a bucket lies outside of its span");
    }
    bucket += gap[i] + 1;
    PageRow& row = out_[i];
    row.series = series_[index];
    row.bucket = Millis{start_.value + (bucket * bucket_width)};
    row.count = static_cast<std::uint64_t>(count[i]);
    row.first_time = Millis{add(row.bucket.value, first_time[i])};
    row.last_time = Millis{add(row.first_time.value, last_time[i])};
  }
  std::int64_t before = 0;
  for (std::size_t i = 0; i < size; ++i) {
    first[i] = add(first[i], before);
    last[i] = add(last[i], first[i]);
    before = last[i];
    min[i] = subtract(std::min(first[i], last[i]), min[i]);
    max[i] = add(std::max(first[i], last[i]), max[i]);
  }
  for (std::size_t i = 0; i < size; ++i) {
    PageRow& row = out_[i];
    row.first = domain_.value(first[i]);
    row.last = domain_.value(last[i]);
    row.min = domain_.value(min[i]);
    row.max = domain_.value(max[i]);
  }
  if (domain_.is_bits()) {
    for (std::size_t i = 0; i < size; ++i) out_[i].sum = NumberDomain::from_ordered(sum[i]);
  } else {
    sum_steps_.unpack(start, rest);
    for (std::size_t i = 0; i < size; ++i) {
      const double multiple = domain_.value(add(sum[i], expected_sum(count[i], first[i], last[i])));
      out_[i].sum = rest[i] == 0 ? multiple : NumberDomain::from_ordered(add(NumberDomain::ordered(multiple), rest[i]));
    }
  }
  if (compensation_ == Compensation::zero) {
    for (PageRow& row : out_) row.compensation = 0;
  } else {
    compensations_.unpack(start, rest);
    for (std::size_t i = 0; i < size; ++i) {
      out_[i].compensation = compensation_ == Compensation::bits
                                 ? NumberDomain::from_ordered(rest[i])
                                 : std::ldexp(static_cast<double>(rest[i]), static_cast<int>(compensation_exponent_));
    }
  }
  patch(start, out_);
  return std::span<const PageRow>(out_);
}

void Page::patch(std::size_t start, std::span<PageRow> rows) const {
  if (patches_.empty()) return;
  auto at = std::lower_bound(patches_.begin(), patches_.end(), start,
                             [](const Patch& patch, std::size_t row) { return patch.row < row; });
  for (; at != patches_.end() && at->row < start + rows.size(); ++at) {
    PageRow& row = rows[at->row - start];
    switch (at->field) {
      case first_field: row.first = at->value; break;
      case last_field: row.last = at->value; break;
      case min_field: row.min = at->value; break;
      case max_field: row.max = at->value; break;
      case sum_field: row.sum = at->value; break;
      default: row.compensation = at->value; break;
    }
  }
}

}  // namespace millrace
