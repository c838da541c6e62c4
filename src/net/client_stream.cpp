#include "net/client_stream.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/error.hpp>

#include <charconv>
#include <utility>

namespace millrace::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

Result<Url> parse_url(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return fail(ErrorCode::invalid_argument,
                "'" + std::string(text) + "' is not a URL: " + std::string(why) + " Valid: http://HOST[:PORT][/PATH].");
  };
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    url.tls = true;
    url.port = 443;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return bad("it must start with http:// or https://.");
  }
  const std::size_t slash = rest.find_first_of("/?#");
  std::string_view authority = rest.substr(0, slash);
  if (slash != std::string_view::npos && rest[slash] == '/') url.path = std::string(rest.substr(slash));
  if (slash != std::string_view::npos && rest[slash] != '/') return bad("a query or fragment has no place here.");
  if (authority.find('@') != std::string_view::npos) return bad("no user name may stand in it.");
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return bad("']' is missing.");
    url.host = std::string(authority.substr(1, end - 1));
    authority.remove_prefix(end + 1);
    if (!authority.empty() && authority.front() != ':') return bad("only a port may follow ']'.");
    if (!authority.empty()) port = authority.substr(1);
    if (!authority.empty() && port.empty()) return bad("the port is empty.");
  } else {
    const std::size_t colon = authority.find(':');
    url.host = std::string(authority.substr(0, colon));
    if (colon != std::string_view::npos) {
      port = authority.substr(colon + 1);
      if (port.empty()) return bad("the port is empty.");
    }
  }
  if (url.host.empty()) return bad("the host is empty.");
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc{} || end != port.data() + port.size() || url.port == 0) {
      return bad("the port must be 1 to 65535.");
    }
  }
  return url;
}

error_code pending() { return asio::error::in_progress; }

void run_until_set(asio::io_context& io, const error_code& error) {
  io.restart();
  while (error == pending() && io.run_one() > 0) {
  }
}

std::unexpected<Error> client_error(const Url& url, std::string_view doing, const error_code& error) {
  const std::string where = url.host + ":" + std::to_string(url.port);
  if (error == boost::beast::error::timeout) {
    return fail(ErrorCode::deadline, where + ": " + std::string(doing) + " took too long.");
  }
  return fail(ErrorCode::unavailable, where + ": " + std::string(doing) + " failed: " + error.message() + ".");
}

Result<void> connect_tcp(asio::io_context& io, PlainStream& stream, const Url& url, Duration timeout) {
  error_code error;
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(url.host, std::to_string(url.port), error);
  if (error) return client_error(url, "looking up the host", error);
  error = pending();
  stream.expires_after(timeout);
  stream.async_connect(found, [&error](error_code outcome, const tcp::endpoint&) { error = outcome; });
  run_until_set(io, error);
  if (error) return client_error(url, "connecting", error);
  error_code ignored;
  stream.socket().set_option(tcp::no_delay(true), ignored);
  return {};
}

asio::ssl::context make_client_tls() {
  asio::ssl::context context(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  error_code ignored;
  context.set_default_verify_paths(ignored);
  context.set_verify_mode(asio::ssl::verify_peer, ignored);
  return context;
}

Result<void> handshake_tls(asio::io_context& io, TlsStream& stream, const Url& url, Duration timeout) {
  SSL_set_tlsext_host_name(stream.native_handle(), url.host.c_str());
  error_code error;
  stream.set_verify_callback(asio::ssl::host_name_verification(url.host), error);
  if (error) return client_error(url, "preparing TLS", error);
  error = pending();
  boost::beast::get_lowest_layer(stream).expires_after(timeout);
  stream.async_handshake(asio::ssl::stream_base::client, [&error](error_code outcome) { error = outcome; });
  run_until_set(io, error);
  if (error) return client_error(url, "the TLS handshake", error);
  return {};
}

std::string host_header(const Url& url) {
  std::string host = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  if (url.port != (url.tls ? 443 : 80)) host += ":" + std::to_string(url.port);
  return host;
}

}  // namespace millrace::net
