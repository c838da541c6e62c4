#pragma once

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "net/server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace millrace::net {

/// For tests: a client that sends exactly the bytes it is told to, well-formed or not.
class RawPeer {
 public:
  explicit RawPeer(std::uint16_t port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) std::abort();
    const int one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  }
  ~RawPeer() { ::close(fd_); }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  RawPeer& send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto size = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size <= 0) break;
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return *this;
  }
  void half_close() const { ::shutdown(fd_, SHUT_WR); }
  /// Ends with a reset, as a crashed client's kernel does.
  void reset() {
    const linger hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    ::close(fd_);
    fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
  }

  /// Waits for at least one byte; false at the end of the connection, or after 10 s.
  bool more() {
    pollfd wait{fd_, POLLIN, 0};
    if (::poll(&wait, 1, 10'000) <= 0) return false;
    char bytes[65536];
    const auto size = ::recv(fd_, bytes, sizeof(bytes), 0);
    if (size <= 0) {
      ended_ = true;
      return false;
    }
    got_.append(bytes, static_cast<std::size_t>(size));
    return true;
  }
  /// Reads until `text` has come, and takes everything up to its end.
  std::string until(std::string_view text) {
    std::size_t at = 0;
    while ((at = got_.find(text)) == std::string::npos) {
      if (!more()) return std::exchange(got_, {});
    }
    return take(at + text.size());
  }
  /// Reads exactly that many bytes, fewer if the connection ends.
  std::string exactly(std::size_t size) {
    while (got_.size() < size && more()) {
    }
    return take(std::min(size, got_.size()));
  }
  /// Everything up to the end of the connection.
  std::string rest() {
    while (more()) {
    }
    return std::exchange(got_, {});
  }
  /// The server has ended the connection, and sent nothing before it that was not taken.
  bool is_ended() { return got_.empty() && !more() && ended_; }

  /// Lets time pass, a second at a time, until the server has sent something or ended the connection.
  void pass_time(ManualClock& clock) const {
    pollfd wait{fd_, POLLIN, 0};
    for (int i = 0; i < 5'000 && ::poll(&wait, 1, 2) == 0; ++i) clock.advance(Duration{1'000});
  }

  struct Answer {
    int status = 0;
    std::string head;
    std::string body;
    /// A header's value; names in any case.
    [[nodiscard]] std::string header(std::string_view name) const {
      const std::size_t at = head.find("\r\n" + std::string(name) + ": ");
      if (at == std::string::npos) return {};
      const std::size_t begin = at + name.size() + 4;
      return head.substr(begin, head.find("\r\n", begin) - begin);
    }
  };
  /// One response with Content-Length; `without_body` as after HEAD.
  Answer answer(bool without_body = false) {
    Answer answer;
    answer.head = until("\r\n\r\n");
    if (answer.head.size() < 12) return answer;
    answer.status = std::atoi(answer.head.c_str() + 9);
    const std::string length = answer.header("Content-Length");
    if (!without_body && !length.empty()) answer.body = exactly(static_cast<std::size_t>(std::atoll(length.c_str())));
    return answer;
  }

 private:
  std::string take(std::size_t size) {
    std::string taken = got_.substr(0, size);
    got_.erase(0, size);
    return taken;
  }

  int fd_;
  std::string got_;
  bool ended_ = false;
};

/// For tests: a server on a free port. Its handler looks the path up in `routes`; 404 for the others.
class TestServer {
 public:
  using Route = std::function<void(Request, ResponderPtr)>;

  explicit TestServer(std::map<std::string, Route> routes, ServerOptions options = {}) : routes_(std::move(routes)) {
    options.port = 0;
    options.tick = Duration{10};
    server_ = std::make_unique<Server>(
        options,
        [this](Request request, ResponderPtr responder, std::size_t) {
          handled_.fetch_add(1);
          const auto route = routes_.find(request.path);
          if (route == routes_.end()) return responder->send(error_response(404, "not_found", request.path));
          route->second(std::move(request), std::move(responder));
        },
        metrics_);
    if (!server_->start()) std::abort();
  }

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  /// How many requests reached the handler.
  [[nodiscard]] int handled() const { return handled_.load(); }
  Server& server() { return *server_; }
  Metrics& metrics() { return metrics_; }

 private:
  Metrics metrics_;
  std::map<std::string, Route> routes_;
  std::atomic<int> handled_{0};
  std::unique_ptr<Server> server_;
};

}  // namespace millrace::net
