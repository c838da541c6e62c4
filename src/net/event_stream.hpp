#pragma once

#include "net/connection.hpp"
#include "net/server.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace millrace::net {

/// Goes on as a text/event-stream on a connection whose response head is queued.
void open_event_stream(const std::shared_ptr<Connection>& connection,
                       const std::function<void(std::shared_ptr<Stream>)>& opened);

/// One event as text, in the cases where the message can't be sent as it is: it holds a line break.
[[nodiscard]] std::string event_of_lines(std::string_view message);

}  // namespace millrace::net
