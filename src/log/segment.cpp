#include "log/segment.hpp"

#include <fmt/format.h>

#include <charconv>

namespace millrace {
namespace {
constexpr std::string_view suffix = ".journal";
constexpr std::size_t digits = 20;
}  // namespace

std::string segment_name(Offset first) { return fmt::format("{:020}{}", first.value, suffix); }

std::optional<Offset> segment_first(std::string_view name) {
  if (name.size() != digits + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  std::uint64_t first = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + digits, first);
  if (error != std::errc() || end != name.data() + digits) return std::nullopt;
  return Offset{first};
}

std::optional<Block> SegmentReader::next() {
  auto block = read_block(bytes_.substr(at_), head_.salt);
  if (!block) return std::nullopt;
  const std::uint64_t number = block->place.number.value;
  if (head_.repaired ? number < next_.value : number != next_.value) return std::nullopt;
  at_ += block->size;
  next_ = Offset{number + 1};
  return block;
}

std::optional<Damage> SegmentReader::damage() const {
  if (at_ == bytes_.size()) return std::nullopt;
  // A block that is whole but not the one due here can't come of an interrupted write.
  Damage damage{at_, bytes_.size() - at_, !read_block(bytes_.substr(at_), head_.salt).has_value()};
  // Groups are written before they are synced, so of an interrupted one a later block may be whole and an earlier not.
  // A block knows what was durable when it was written: only that is proof of damage.
  std::size_t at = find_block(bytes_, head_.salt, at_ + 1);
  if (at != std::string_view::npos) damage.size = at - at_;
  while (at != std::string_view::npos && damage.torn) {
    const auto block = read_block(bytes_.substr(at), head_.salt);
    damage.torn = block->place.synced <= next_;
    at = find_block(bytes_, head_.salt, at + block->size);
  }
  return damage;
}

void SegmentReader::skip(const Damage& damage) {
  at_ = static_cast<std::size_t>(damage.at + damage.size);
  head_.repaired = true;
}

}  // namespace millrace
