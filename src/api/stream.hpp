#pragma once

#include "base/result.hpp"
#include "net/server.hpp"
#include "push/hub.hpp"

#include <cstddef>

namespace millrace {

/// What GET /metrics/stream asks for: name (repeatable), source and window by position, points, since, format.
[[nodiscard]] Result<StreamRequest> read_stream_request(const net::Request& request, std::size_t topic_limit);

}  // namespace millrace
