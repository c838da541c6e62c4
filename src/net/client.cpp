#include "net/client.hpp"

#include "net/chunked.hpp"
#include "net/client_stream.hpp"
#include "net/header_guard.hpp"

#include <charconv>
#include <limits>
#include <optional>
#include <utility>

namespace millrace::net {

using Headers = std::vector<std::pair<std::string, std::string>>;
using Piece = std::function<bool(std::string_view)>;

struct Client::Impl {
  Impl(Url to, Duration patience) : url(std::move(to)), timeout(patience) {}

  [[nodiscard]] ClientStream::Until until() const { return std::chrono::steady_clock::now() + timeout; }
  Result<ClientResponse> request(std::string_view method, std::string_view target, std::string_view body,
                                 const Headers& headers, const Piece& piece);
  Result<ClientResponse> exchange(std::string_view method, std::string_view target, std::string_view body,
                                  const Headers& headers, const Piece& piece);
  Result<void> read_body(ResponseHead& head, const Piece& piece);

  Url url;
  Duration timeout;
  std::unique_ptr<ClientStream> stream;  // null: not connected
  std::string buffer;
  bool answered = false;  // the exchange under way has seen the answer's head
  bool keep = false;      // the connection may carry another exchange
};

Result<ClientResponse> Client::Impl::exchange(std::string_view method, std::string_view target, std::string_view body,
                                              const Headers& headers, const Piece& piece) {
  std::string request = request_head(url, method, target, headers);
  if (!body.empty() || method == "POST" || method == "PUT") {
    request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  request += "\r\n";
  auto sent = stream->write(request, until(), !body.empty());
  if (sent) sent = stream->write(body, until());
  // A server that refuses a body answers before it has read it all: look for that answer also after a failed write.
  if (!sent && sent.error().code == ErrorCode::deadline) return fail(std::move(sent.error()));
  auto head = read_response_head(*stream, {}, until());
  if (!head) return fail(sent ? std::move(head.error()) : std::move(sent.error()));
  answered = true;
  const std::string_view connection = header_of(head->response, "connection");
  keep = sent && !list_has(connection, "close") && (head->minor_version == 1 || list_has(connection, "keep-alive"));
  const int status = head->response.status;
  if (method != "HEAD" && status != 204 && status != 304) {
    if (auto read = read_body(*head, piece); !read) return fail(std::move(read.error()));
  }
  return std::move(head->response);
}

Result<void> Client::Impl::read_body(ResponseHead& head, const Piece& piece) {
  constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
  auto& response = head.response;
  std::optional<ChunkedDecoder> chunks;
  std::size_t left = kNoLimit;  // until the end of the connection
  const std::string_view length = header_of(response, "content-length");
  if (equals_ignoring_case(header_of(response, "transfer-encoding"), "chunked")) {
    chunks.emplace(kNoLimit);
  } else if (!length.empty()) {
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), left);
    if (error != std::errc{} || end != length.data() + length.size()) {
      return fail(ErrorCode::unavailable, "The answer's Content-Length is no number.");
    }
    if (!piece) response.body.reserve(std::min<std::size_t>(left, 64U << 20));
  } else {
    keep = false;
  }

  buffer.resize(64U << 10);
  std::string decoded;
  std::string_view bytes = head.rest;
  for (;;) {
    std::string_view got = bytes.substr(0, left);
    if (chunks) {
      decoded.clear();
      const auto taken = chunks->feed(bytes, decoded);
      if (!taken) return fail(ErrorCode::unavailable, "The answer's chunks are malformed.");
      got = decoded;
    } else if (left != kNoLimit) {
      left -= got.size();
    }
    if (!got.empty()) {
      if (!piece) {
        response.body += got;
      } else if (!piece(got)) {
        keep = false;
        return {};
      }
    }
    if (chunks ? chunks->done() : left == 0) return {};
    const auto size = stream->read(buffer, until());
    if (!size) return fail(size.error());
    if (*size == 0) {
      if (!chunks && left == kNoLimit) return {};
      return fail(ErrorCode::unavailable, "The connection ended in the middle of the answer.");
    }
    bytes = std::string_view(buffer).substr(0, *size);
  }
}

Result<ClientResponse> Client::Impl::request(std::string_view method, std::string_view target, std::string_view body,
                                             const Headers& headers, const Piece& piece) {
  for (int attempt = 0;; ++attempt) {
    // A server that gave up an idle connection is seen before a request is put on it.
    if (stream && stream->lost()) stream.reset();
    const bool reused = stream != nullptr;
    if (!reused) {
      auto opened = ClientStream::open(url, until());
      if (!opened) return fail(std::move(opened.error()));
      stream = *std::move(opened);
    }
    answered = false;
    keep = false;
    auto response = exchange(method, target, body, headers, piece);
    if (!response || !keep) stream.reset();
    if (response) return response;
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

Result<ClientResponse> Client::get_pieces(std::string_view target, const Headers& headers, const Piece& piece) {
  return impl_->request("GET", target, {}, headers, piece);
}

}  // namespace millrace::net
