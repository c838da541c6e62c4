#include "net/client_stream.hpp"

#include "net/header_guard.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

namespace millrace::net {
namespace {

constexpr std::size_t kHeadLimit = 256U << 10;

/// Waits until the descriptor can be read or written; false when the time is over.
bool wait_for(int fd, short events, ClientStream::Until until) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd wait{fd, events, 0};
    const auto ms = std::clamp<long>(left.count(), 0, 3'600'000);
    const int ready = ::poll(&wait, 1, static_cast<int>(ms));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

/// TLS settings of one stream.
SSL_CTX* client_tls() {
  // Made anew for each stream: the roots may have been replaced, and a client is made rarely.
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_default_verify_paths(context);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

}  // namespace

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

struct ClientStream::Impl {
  ~Impl() {
    if (ssl != nullptr) {
      SSL_shutdown(ssl);
      SSL_free(ssl);
    }
    if (context != nullptr) SSL_CTX_free(context);
    if (fd >= 0) ::close(fd);
    ERR_clear_error();
  }
  [[nodiscard]] std::unexpected<Error> late(std::string_view doing) const {
    return fail(ErrorCode::deadline, where + ": " + std::string(doing) + " took too long.");
  }
  [[nodiscard]] std::unexpected<Error> lost(std::string_view doing, const std::string& why) const {
    return fail(ErrorCode::unavailable, where + ": " + std::string(doing) + " failed: " + why + ".");
  }
  Result<void> connect(const Url& url, Until until);
  Result<void> shake_hands(const Url& url, Until until);
  /// What to wait for before an SSL call is tried again; 0: it has failed.
  [[nodiscard]] short wish(int result) const {
    const int error = SSL_get_error(ssl, result);
    return error == SSL_ERROR_WANT_READ ? POLLIN : error == SSL_ERROR_WANT_WRITE ? POLLOUT : short{0};
  }

  int fd = -1;
  SSL_CTX* context = nullptr;
  SSL* ssl = nullptr;
  std::string where;
};

Result<void> ClientStream::Impl::connect(const Url& url, Until until) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int outcome = ::getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &found);
  if (outcome != 0) return lost("looking up the host", ::gai_strerror(outcome));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::string why;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    if (fd >= 0) ::close(fd);
    fd = ::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return lost("connecting", std::strerror(errno));
    int error = 0;
    if (::connect(fd, at->ai_addr, at->ai_addrlen) != 0) error = errno;
    if (error == EINPROGRESS) {
      if (!wait_for(fd, POLLOUT, until)) return late("connecting");
      socklen_t size = sizeof(error);
      ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error == 0) {
      const int one = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
      return {};
    }
    why = std::strerror(error);
  }
  return lost("connecting", why);
}

Result<void> ClientStream::Impl::shake_hands(const Url& url, Until until) {
  ERR_clear_error();
  context = client_tls();
  ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  SSL_set_tlsext_host_name(ssl, url.host.c_str());
  // An address in the URL is held against the certificate's addresses, a name against its names.
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), url.host.c_str()) != 1) SSL_set1_host(ssl, url.host.c_str());
  for (;;) {
    const int result = SSL_connect(ssl);
    if (result == 1) return {};
    const short events = wish(result);
    if (events == 0) {
      const long verdict = SSL_get_verify_result(ssl);
      return lost("the TLS handshake", verdict != X509_V_OK ? X509_verify_cert_error_string(verdict)
                                                            : "the peer speaks no TLS that we speak");
    }
    if (!wait_for(fd, events, until)) return late("the TLS handshake");
  }
}

ClientStream::ClientStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ClientStream::~ClientStream() = default;

Result<std::unique_ptr<ClientStream>> ClientStream::open(const Url& url, Until until) {
  auto impl = std::make_unique<Impl>();
  impl->where = url.host + ":" + std::to_string(url.port);
  auto done = impl->connect(url, until);
  if (done && url.tls) done = impl->shake_hands(url, until);
  if (!done) return fail(std::move(done.error()));
  return std::unique_ptr<ClientStream>(new ClientStream(std::move(impl)));
}

Result<std::size_t> ClientStream::read(std::span<char> into, Until until) {
  for (;;) {
    short events = POLLIN;
    if (impl_->ssl != nullptr) {
      ERR_clear_error();
      const int size = SSL_read(impl_->ssl, into.data(), static_cast<int>(std::min<std::size_t>(into.size(), 1 << 20)));
      if (size > 0) return static_cast<std::size_t>(size);
      if (SSL_get_error(impl_->ssl, size) == SSL_ERROR_ZERO_RETURN) return std::size_t{0};
      events = impl_->wish(size);
      if (events == 0) return impl_->lost("reading", "the connection was cut off");
    } else {
      const auto size = ::recv(impl_->fd, into.data(), into.size(), 0);
      if (size >= 0) return static_cast<std::size_t>(size);
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return impl_->lost("reading", std::strerror(errno));
    }
    if (!wait_for(impl_->fd, events, until)) return impl_->late("reading");
  }
}

Result<void> ClientStream::write(std::string_view bytes, Until until, bool more) {
  while (!bytes.empty()) {
    short events = POLLOUT;
    if (impl_->ssl != nullptr) {
      ERR_clear_error();
      const int size =
          SSL_write(impl_->ssl, bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20)));
      if (size > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(size));
        continue;
      }
      events = impl_->wish(size);
      if (events == 0) return impl_->lost("sending", "the connection was cut off");
    } else {
      const auto size = ::send(impl_->fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | (more ? MSG_MORE : 0));
      if (size >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(size));
        continue;
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return impl_->lost("sending", std::strerror(errno));
    }
    if (!wait_for(impl_->fd, events, until)) return impl_->late("sending");
  }
  return {};
}

bool ClientStream::lost() {
  char byte = 0;
  const auto got = ::recv(impl_->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  // TLS may have sent a session ticket meanwhile: bytes there are no reason.
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK) || (got > 0 && impl_->ssl == nullptr);
}

std::string host_header(const Url& url) {
  std::string host = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  if (url.port != (url.tls ? 443 : 80)) host += ":" + std::to_string(url.port);
  return host;
}

std::string request_head(const Url& url, std::string_view method, std::string_view target,
                         const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string head;
  head.reserve(256);
  head += method;
  head += ' ';
  head += target;
  head += " HTTP/1.1\r\nHost: " + host_header(url) + "\r\n";
  for (const auto& [name, value] : headers) head += name + ": " + value + "\r\n";
  return head;
}

std::string_view header_of(const ClientResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

namespace {

/// One head out of `block`; nullopt if it is none.
std::optional<ResponseHead> parse_head(std::string_view block) {
  if (block.size() < 12 || !block.starts_with("HTTP/1.")) return std::nullopt;
  ResponseHead head;
  head.minor_version = block[7] - '0';
  const auto [end, error] = std::from_chars(block.data() + 9, block.data() + 12, head.response.status);
  if (error != std::errc{} || end != block.data() + 12) return std::nullopt;
  block.remove_prefix(block.find("\r\n") + 2);
  while (!block.starts_with("\r\n")) {
    const std::size_t line_end = block.find("\r\n");
    std::string_view line = block.substr(0, line_end);
    block.remove_prefix(line_end + 2);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string name(line.substr(0, colon));
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    line.remove_prefix(colon + 1);
    while (line.starts_with(' ') || line.starts_with('\t')) line.remove_prefix(1);
    while (line.ends_with(' ') || line.ends_with('\t')) line.remove_suffix(1);
    head.response.headers.emplace_back(std::move(name), std::string(line));
  }
  return head;
}

}  // namespace

Result<ResponseHead> read_response_head(ClientStream& stream, std::string early, ClientStream::Until until) {
  std::string bytes = std::move(early);
  char piece[16384];
  for (;;) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end != std::string::npos) {
      auto head = parse_head(std::string_view(bytes).substr(0, end + 4));
      if (!head) return fail(ErrorCode::unavailable, "The answer is not HTTP/1.1.");
      bytes.erase(0, end + 4);
      if (head->response.status < 200 && head->response.status != 101) continue;
      head->rest = std::move(bytes);
      return *std::move(head);
    }
    if (bytes.size() > kHeadLimit) return fail(ErrorCode::unavailable, "The answer's header block is too large.");
    const auto size = stream.read(piece, until);
    if (!size) return fail(size.error());
    if (*size == 0) return fail(ErrorCode::unavailable, "The connection ended before the answer.");
    bytes.append(piece, *size);
  }
}

}  // namespace millrace::net
