#pragma once

#include "base/result.hpp"

#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
}

namespace millrace::net {

/// A server's TLS settings: 1.2 and up, ALPN http/1.1. Errors name the file and what is wrong with it.
[[nodiscard]] Result<std::shared_ptr<boost::asio::ssl::context>> make_server_tls(const std::string& certificate,
                                                                                 const std::string& key);

}  // namespace millrace::net
