#include "net/client.hpp"

#include "net/client_stream.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/write.hpp>
#include <sys/socket.h>

#include <array>
#include <cctype>
#include <optional>
#include <utility>

namespace millrace::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using Headers = std::vector<std::pair<std::string, std::string>>;

struct Client::Impl {
  Impl(Url to, Duration patience) : url(std::move(to)), timeout(patience) {}

  Result<void> open();
  void close();
  [[nodiscard]] bool lost();
  [[nodiscard]] beast::tcp_stream& lowest() { return tls ? beast::get_lowest_layer(*tls) : *plain; }
  template <class Stream>
  Result<ClientResponse> exchange(Stream& stream, std::string_view method, std::string_view target,
                                  std::string_view body, const Headers& headers,
                                  const std::function<bool(std::string_view)>& piece);
  Result<ClientResponse> request(std::string_view method, std::string_view target, std::string_view body,
                                 const Headers& headers, const std::function<bool(std::string_view)>& piece);

  Url url;
  Duration timeout;
  asio::io_context io{1};
  std::optional<asio::ssl::context> context;
  std::optional<PlainStream> plain;
  std::optional<TlsStream> tls;
  beast::flat_buffer buffer;
  std::string pieces;
  bool answered = false;  // the exchange under way has seen a byte of the answer
};

Result<void> Client::Impl::open() {
  if (url.tls) {
    if (!context) context = make_client_tls();
    tls.emplace(io, *context);
  } else {
    plain.emplace(io);
  }
  auto connected = connect_tcp(io, lowest(), url, timeout);
  if (connected && tls) connected = handshake_tls(io, *tls, url, timeout);
  if (!connected) close();
  return connected;
}

void Client::Impl::close() {
  tls.reset();
  plain.reset();
  buffer.clear();
}

bool Client::Impl::lost() {
  // A server that gave up an idle connection is seen before a request is put on it.
  char byte = 0;
  const auto got = ::recv(lowest().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK) || (got > 0 && !tls);
}

template <class Stream>
Result<ClientResponse> Client::Impl::exchange(Stream& stream, std::string_view method, std::string_view target,
                                              std::string_view body, const Headers& headers,
                                              const std::function<bool(std::string_view)>& piece) {
  http::request<http::span_body<const char>> request;
  request.method_string({method.data(), method.size()});
  request.target({target.data(), target.size()});
  request.version(11);
  request.set(http::field::host, host_header(url));
  for (const auto& [name, value] : headers) request.insert(name, value);
  request.body() = beast::span<const char>(body.data(), body.size());
  if (!body.empty() || method == "POST" || method == "PUT") request.content_length(body.size());

  error_code error = pending();
  const auto done = [&error](error_code outcome, std::size_t) { error = outcome; };
  beast::get_lowest_layer(stream).expires_after(timeout);
  http::async_write(stream, request, done);
  run_until_set(io, error);
  // A server that refuses a body answers before it has read it all: look for that answer also after a failed write.
  const error_code sent = error;
  if (sent == beast::error::timeout) return client_error(url, "sending", sent);

  http::response_parser<http::buffer_body> parser;
  parser.body_limit(boost::none);
  parser.header_limit(256U << 10);
  parser.skip(method == "HEAD");
  error = pending();
  beast::get_lowest_layer(stream).expires_after(timeout);
  http::async_read_header(stream, buffer, parser, done);
  run_until_set(io, error);
  if (error) {
    answered = parser.got_some();
    return client_error(url, "waiting for the answer", sent ? sent : error);
  }
  answered = true;

  ClientResponse response;
  response.status = static_cast<int>(parser.get().result_int());
  for (const auto& field : parser.get()) {
    std::string name(field.name_string());
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    response.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  pieces.resize(64U << 10);
  bool stopped = false;
  while (!parser.is_done() && !stopped) {
    parser.get().body().data = pieces.data();
    parser.get().body().size = pieces.size();
    error = pending();
    beast::get_lowest_layer(stream).expires_after(timeout);
    http::async_read(stream, buffer, parser, done);
    run_until_set(io, error);
    if (error == http::error::need_buffer) error = {};
    if (error) return client_error(url, "reading the answer", error);
    const std::string_view got(pieces.data(), pieces.size() - parser.get().body().size);
    if (got.empty()) continue;
    if (piece) {
      stopped = !piece(got);
    } else {
      response.body += got;
    }
  }
  if (stopped || sent || !parser.keep_alive()) close();
  return response;
}

Result<ClientResponse> Client::Impl::request(std::string_view method, std::string_view target, std::string_view body,
                                             const Headers& headers,
                                             const std::function<bool(std::string_view)>& piece) {
  for (int attempt = 0;; ++attempt) {
    if ((plain || tls) && lost()) close();
    const bool reused = plain || tls;
    if (!reused) {
      if (auto opened = open(); !opened) return fail(std::move(opened.error()));
    }
    answered = false;
    auto response = tls ? exchange(*tls, method, target, body, headers, piece)
                        : exchange(*plain, method, target, body, headers, piece);
    if (response) return response;
    close();
    // The server may have closed a kept connection just now. Only what may be done twice is tried again.
    const bool repeatable = method != "POST" && method != "PATCH";
    if (!reused || !repeatable || answered || attempt > 0 || response.error().code != ErrorCode::unavailable) {
      return response;
    }
  }
}

Client::Client(Url url, Duration timeout) : impl_(std::make_unique<Impl>(std::move(url), timeout)) {}
Client::~Client() = default;

Result<ClientResponse> Client::request(std::string_view method, std::string_view target, std::string_view body,
                                       const Headers& headers) {
  return impl_->request(method, target, body, headers, nullptr);
}

Result<ClientResponse> Client::get_pieces(std::string_view target, const Headers& headers,
                                          const std::function<bool(std::string_view)>& piece) {
  return impl_->request("GET", target, {}, headers, piece);
}

}  // namespace millrace::net
