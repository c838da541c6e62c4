#pragma once

#include "base/result.hpp"
#include "net/client.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace millrace::net {

/// A client's bytes, plain or TLS 1.2+ (verified with the system's roots, or those that SSL_CERT_FILE names, and
/// against the host's name). Blocking, with a moment until which each call may take. Not thread-safe.
class ClientStream {
 public:
  using Until = std::chrono::steady_clock::time_point;

  ~ClientStream();
  /// Resolves, connects and shakes hands. `unavailable`, `deadline`.
  [[nodiscard]] static Result<std::unique_ptr<ClientStream>> open(const Url& url, Until until);

  /// At least one byte; 0 at the end. `deadline` leaves the stream usable.
  [[nodiscard]] Result<std::size_t> read(std::span<char> into, Until until);
  /// All of it. `more`: something follows at once, so a small piece may wait for it.
  [[nodiscard]] Result<void> write(std::string_view bytes, Until until, bool more = false);
  /// Whether the peer has ended the connection, or sent what nobody asked for, while nothing was under way.
  [[nodiscard]] bool lost();

 private:
  struct Impl;
  explicit ClientStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// A response's head as it came.
struct ResponseHead {
  ClientResponse response;  ///< Without a body.
  std::string rest;         ///< Bytes that came behind it.
  int minor_version = 1;
};
/// Reads one response head, skipping 1xx other than 101.
[[nodiscard]] Result<ResponseHead> read_response_head(ClientStream& stream, std::string early,
                                                      ClientStream::Until until);
/// The first value of a header (name in lower case); empty if absent.
[[nodiscard]] std::string_view header_of(const ClientResponse& response, std::string_view name);
/// Host header: with the port unless it is the scheme's own.
[[nodiscard]] std::string host_header(const Url& url);
/// METHOD, target and headers up to and without the blank line.
[[nodiscard]] std::string request_head(const Url& url, std::string_view method, std::string_view target,
                                       const std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace millrace::net
