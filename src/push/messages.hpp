#pragma once

#include "push/hub.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace millrace {

/// A topic's number in its stream; absent where a stream has one topic: then no message names it.
using TopicNumber = std::optional<std::size_t>;

/// The JSON messages of a stream, as interface.md shows them.
[[nodiscard]] std::string hello_message(std::string_view epoch, Millis now, Duration tick);
[[nodiscard]] std::string state_message(const Freshness& freshness);
[[nodiscard]] std::string gap_message(TopicNumber topic, Millis from, Millis to);
/// `points`: JSON of each, ascending.
[[nodiscard]] std::string snapshot_message(TopicNumber topic, std::span<const std::string_view> points);
[[nodiscard]] std::string point_message(TopicNumber topic, std::string_view point, std::uint64_t seq, Millis event_time,
                                        Millis published);
/// A bare point; with several topics `"topic":k` is its first member.
[[nodiscard]] std::string plain_message(TopicNumber topic, std::string_view point);

/// EPOCH-SEQ.
[[nodiscard]] std::string event_id(std::string_view epoch, std::uint64_t seq);
/// SEQ of an id of this epoch; nullopt for another epoch or anything else.
[[nodiscard]] std::optional<std::uint64_t> parse_event_id(std::string_view id, std::string_view epoch);

}  // namespace millrace
