#pragma once

#include "base/result.hpp"
#include "net/client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <memory>
#include <string_view>

namespace millrace::net {

using PlainStream = boost::beast::tcp_stream;
using TlsStream = boost::beast::ssl_stream<PlainStream>;

/// Runs what was just begun on `io` until `error` is set: `pending` stands in it meanwhile.
void run_until_set(boost::asio::io_context& io, const boost::system::error_code& error);
/// What stands in an error code while its operation is under way.
[[nodiscard]] boost::system::error_code pending();

/// Resolves and connects within `timeout`.
[[nodiscard]] Result<void> connect_tcp(boost::asio::io_context& io, PlainStream& stream, const Url& url,
                                       Duration timeout);
/// TLS 1.2 and up, verified with the system's roots (or those that SSL_CERT_FILE names).
[[nodiscard]] boost::asio::ssl::context make_client_tls();
/// Shakes hands and holds the certificate against the host's name.
[[nodiscard]] Result<void> handshake_tls(boost::asio::io_context& io, TlsStream& stream, const Url& url,
                                         Duration timeout);
/// `unavailable`, or `deadline` if that is what it was.
[[nodiscard]] std::unexpected<Error> client_error(const Url& url, std::string_view doing,
                                                  const boost::system::error_code& error);
/// Host header: with the port unless it is the scheme's own.
[[nodiscard]] std::string host_header(const Url& url);

}  // namespace millrace::net
