#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::net {

/// What a server answered.
struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< Names in lower case.
  std::string body;
};

/// Where a URL points: http:// or https://HOST[:PORT][/prefix]. https verifies the certificate with the system's roots.
struct Url {
  bool tls = false;
  std::string host;
  std::uint16_t port = 80;
  std::string path = "/";
};
[[nodiscard]] Result<Url> parse_url(std::string_view text);

/// A blocking HTTP/1.1 connection that is kept open and opened again when it was lost. Not thread-safe.
class Client {
 public:
  explicit Client(Url url, Duration timeout = Duration{30'000});
  ~Client();
  /// `target` with its query string. Errors: `unavailable` (can't connect, cut off), `deadline`.
  Result<ClientResponse> request(std::string_view method, std::string_view target, std::string_view body,
                                 const std::vector<std::pair<std::string, std::string>>& headers = {});
  /// Streams the body of a GET to `piece`; stops when it answers false.
  Result<ClientResponse> get_pieces(std::string_view target,
                                    const std::vector<std::pair<std::string, std::string>>& headers,
                                    const std::function<bool(std::string_view)>& piece);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A blocking WebSocket client for text messages: for the load generator and tests.
class WebSocketClient {
 public:
  WebSocketClient();
  ~WebSocketClient();
  Result<void> connect(const Url& url, std::string_view target,
                       const std::vector<std::pair<std::string, std::string>>& headers = {});
  /// The next text message; `deadline` when none comes in time, `unavailable` when closed.
  Result<std::string> receive(Duration timeout);
  Result<void> send(std::string_view text);
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::net
