#pragma once

#include "net/connection.hpp"
#include "net/frames.hpp"
#include "net/server.hpp"

#include <functional>
#include <memory>
#include <string>

namespace millrace::net {

/// Goes on as a WebSocket on a connection whose 101 is queued. `early`: bytes that came behind the upgrade request.
void open_websocket_session(const std::shared_ptr<Connection>& connection, std::string early,
                            const std::function<void(std::shared_ptr<Stream>)>& opened);

}  // namespace millrace::net
