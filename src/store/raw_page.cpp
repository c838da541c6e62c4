#include "store/raw_page.hpp"

#include "store/page.hpp"
#include "store/page_version.hpp"
#include "store/store.hpp"

#include <algorithm>
#include <limits>

namespace millrace {
namespace {

using wrapping::add;
using wrapping::subtract;

constexpr std::uint8_t raw_kind = 3;

}  // namespace

std::string encode_raw_page(Millis start, std::span<const RawPoint> points) {
  std::vector<double> values;
  values.reserve(points.size());
  for (const RawPoint& point : points) values.push_back(point.value);
  const NumberDomain domain = NumberDomain::of(values);

  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> first_times;
  std::vector<std::int64_t> first_steps;
  std::vector<std::int64_t> step_changes;
  std::vector<std::int64_t> bases;
  std::vector<std::int64_t> steps;
  std::vector<std::size_t> patches;
  step_changes.reserve(points.size());
  steps.reserve(points.size());
  std::int64_t id = -1;
  for (std::size_t begin = 0; begin < points.size();) {
    std::size_t end = begin + 1;
    while (end < points.size() && points[end].series == points[begin].series) ++end;
    const auto series = static_cast<std::int64_t>(points[begin].series.value);
    ids.push_back(series - id - 1);
    id = series;
    sizes.push_back(static_cast<std::int64_t>(end - begin - 1));
    first_times.push_back(points[begin].time.value - start.value);
    std::int64_t step = 0;
    std::int64_t before = 0;
    for (std::size_t i = begin; i < end; ++i) {
      if (i == begin + 1) {
        step = points[i].time.value - points[i - 1].time.value;
        first_steps.push_back(step);
      } else if (i > begin + 1) {
        const std::int64_t next = points[i].time.value - points[i - 1].time.value;
        step_changes.push_back(next - step);
        step = next;
      }
      const auto number = domain.whole(points[i].value);
      if (!number) patches.push_back(i);
      const std::int64_t whole = number.value_or(before);
      if (i == begin) {
        bases.push_back(whole);
      } else {
        steps.push_back(subtract(whole, before));
      }
      before = whole;
    }
    begin = end;
  }

  std::string out;
  ByteWriter writer(out);
  writer.fixed(page_version);
  writer.fixed(raw_kind);
  writer.fixed(start.value);
  writer.varint(points.size());
  writer.varint(ids.size());
  PackedInts::write(ids, out);
  PackedInts::write(sizes, out);
  PackedInts::write(first_times, out);
  PackedInts::write(first_steps, out);
  PackedInts::write(step_changes, out);
  writer.fixed(domain.code());
  PackedInts::write(bases, out);
  PackedInts::write(steps, out);
  writer.varint(patches.size());
  std::size_t last = 0;
  for (const std::size_t at : patches) {
    writer.varint(at - last);
    writer.fixed(points[at].value);
    last = at;
  }
  out.append(PackedInts::slack, '\0');
  return out;
}

RawPage::RawPage() = default;
RawPage::RawPage(RawPage&&) noexcept = default;
RawPage& RawPage::operator=(RawPage&&) noexcept = default;
RawPage::~RawPage() = default;

Result<RawPage> RawPage::open(std::string_view bytes) {
  if (!bytes.empty() && static_cast<std::uint8_t>(bytes[0]) != page_version) {
    return fail(ErrorCode::unsupported_version, "page of raw points: version " +
                                                    std::to_string(static_cast<std::uint8_t>(bytes[0])) +
                                                    " is unknown; a newer Millrace may read it");
  }
  RawPage page;
  if (!page.parse(bytes)) return fail(ErrorCode::corrupt, "page of raw points: its bytes are not what was written");
  return page;
}

bool RawPage::parse_series(ByteReader& reader, std::size_t points) {
  const std::uint64_t count = reader.varint();
  if (!reader.ok() || count == 0 || count > points) return false;
  const auto ids = PackedInts::read(reader, count);
  if (!ids) return false;
  const auto sizes = PackedInts::read(reader, count);
  if (!sizes) return false;
  numbers_.resize(count * 2);
  const std::span<std::int64_t> gap(numbers_.data(), count);
  const std::span<std::int64_t> size(numbers_.data() + count, count);
  ids->unpack(0, gap);
  sizes->unpack(0, size);
  series_.reserve(count);
  starts_.reserve(count + 1);
  second_.reserve(count + 1);
  std::int64_t id = -1;
  std::size_t start = 0;
  std::uint32_t second = 0;
  for (std::size_t s = 0; s < count; ++s) {
    if (gap[s] < 0 || gap[s] > std::numeric_limits<std::uint32_t>::max()) return false;
    id += gap[s] + 1;
    if (id > std::numeric_limits<std::uint32_t>::max()) return false;
    series_.emplace_back(static_cast<std::uint32_t>(id));
    starts_.push_back(static_cast<std::uint32_t>(start));
    second_.push_back(second);
    if (size[s] < 0 || static_cast<std::uint64_t>(size[s]) >= points) return false;
    start += static_cast<std::size_t>(size[s]) + 1;
    if (start > points) return false;
    second += size[s] > 0 ? 1 : 0;
  }
  starts_.push_back(static_cast<std::uint32_t>(start));
  second_.push_back(second);
  return start == points;
}

bool RawPage::parse(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto version = reader.fixed<std::uint8_t>();
  const auto kind = reader.fixed<std::uint8_t>();
  start_ = Millis{reader.fixed<std::int64_t>()};
  const std::uint64_t points = reader.varint();
  if (!reader.ok() || version != page_version || kind != raw_kind || points == 0 || points > most_page_rows) {
    return false;
  }
  if (!parse_series(reader, points)) return false;
  const std::size_t series = series_.size();
  const std::size_t second = second_.back();
  const auto packed = [&](PackedInts& into, std::size_t size) {
    auto column = PackedInts::read(reader, size);
    if (column) into = std::move(*column);
    return column.has_value();
  };
  if (!packed(first_times_, series) || !packed(first_steps_, second)) return false;
  if (!packed(step_changes_, points - series - second)) return false;
  const auto domain = NumberDomain::from_code(reader.fixed<std::uint8_t>());
  if (!reader.ok() || !domain) return false;
  domain_ = *domain;
  if (!packed(bases_, series) || !packed(steps_, points - series)) return false;
  const std::uint64_t patches = reader.varint();
  if (!reader.ok() || patches > points || patches * 9 > reader.left()) return false;
  patches_.reserve(patches);
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < patches; ++i) {
    const std::uint64_t step = reader.varint();
    const auto value = reader.fixed<double>();
    if (!reader.ok() || step >= points - at) return false;
    at += step;
    patches_.emplace_back(static_cast<std::uint32_t>(at), value);
  }
  return reader.left() == PackedInts::slack;
}

Result<std::span<const RawPoint>> RawPage::read(std::size_t index) {
  const std::size_t start = starts_[index];
  const std::size_t size = starts_[index + 1] - start;
  numbers_.resize(size);
  out_.resize(size);
  std::int64_t time = add(start_.value, first_times_.at(index));
  out_[0] = {series_[index], Millis{time}, 0};
  if (size > 1) {
    std::int64_t step = first_steps_.at(second_[index]);
    time = add(time, step);
    out_[1] = {series_[index], Millis{time}, 0};
    const std::span<std::int64_t> changes(numbers_.data(), size - 2);
    step_changes_.unpack(start - index - second_[index], changes);
    for (std::size_t i = 2; i < size; ++i) {
      step = add(step, changes[i - 2]);
      time = add(time, step);
      out_[i] = {series_[index], Millis{time}, 0};
    }
  }
  numbers_[0] = bases_.at(index);
  steps_.unpack(start - index, std::span(numbers_).subspan(1));
  std::int64_t whole = 0;
  for (std::size_t i = 0; i < size; ++i) {
    whole = add(whole, numbers_[i]);
    out_[i].value = domain_.value(whole);
  }
  if (!patches_.empty()) {
    auto at = std::lower_bound(patches_.begin(), patches_.end(), start,
                               [](const auto& patch, std::size_t point) { return patch.first < point; });
    for (; at != patches_.end() && at->first < start + size; ++at) out_[at->first - start].value = at->second;
  }
  return std::span<const RawPoint>(out_);
}

}  // namespace millrace
