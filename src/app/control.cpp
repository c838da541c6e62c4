#include "app/control.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

namespace millrace {
namespace {

constexpr std::size_t request_limit = 64U << 10;
constexpr int poll_ms = 200;
constexpr int peer_timeout_ms = 5'000;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("the data folder's path is too long for a control socket ({} bytes at most)",
                            sizeof(address.sun_path) - 1));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

/// All that the peer sends until it closes its side; shorter when it takes too long or sends too much.
std::string read_all(int descriptor, std::size_t limit, int timeout_ms) {
  std::string text;
  std::array<char, 4096> piece{};
  while (text.size() <= limit) {
    pollfd ready{descriptor, POLLIN, 0};
    if (::poll(&ready, 1, timeout_ms) <= 0) break;
    const auto size = ::read(descriptor, piece.data(), piece.size());
    if (size <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  return text;
}

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto size = ::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL);
    if (size <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

}  // namespace

struct ControlServer::Impl {
  std::string path;
  Socket listener{-1};
  Handler handler;
  std::atomic<bool> stopping{false};
  std::thread thread;

  void answer(int peer) const {
    const std::string request = read_all(peer, request_limit, peer_timeout_ms);
    std::vector<std::string> words(1);
    for (const char c : request) {
      if (c == '\n') {
        words.emplace_back();
      } else {
        words.back() += c;
      }
    }
    const auto outcome = handler(words);
    write_all(peer, outcome ? "ok\n" + *outcome : "error\n" + outcome.error().message);
  }

  void run() const {
    while (!stopping) {
      pollfd ready{listener.get(), POLLIN, 0};
      if (::poll(&ready, 1, poll_ms) <= 0) continue;
      const Socket peer(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (peer.get() >= 0) answer(peer.get());
    }
  }
};

ControlServer::ControlServer() : impl_(std::make_unique<Impl>()) {}
ControlServer::~ControlServer() { stop(); }

Result<void> ControlServer::start(const std::string& path, Handler handler) {
  const auto address = address_of(path);
  if (!address) return fail(address.error());
  ::unlink(path.c_str());
  Socket listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const mode_t before = ::umask(0177);
  const int bound = ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address));
  ::umask(before);
  if (bound != 0 || ::listen(listener.get(), 8) != 0) {
    return fail(ErrorCode::io, fmt::format("can't listen at control.sock: {}", std::strerror(errno)));
  }
  impl_->path = path;
  impl_->listener = std::move(listener);
  impl_->handler = std::move(handler);
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
  return {};
}

void ControlServer::stop() {
  if (!impl_->thread.joinable()) return;
  impl_->stopping = true;
  impl_->thread.join();
  ::unlink(impl_->path.c_str());
}

Result<std::string> ask_control(const std::string& path, const std::vector<std::string>& words) {
  const auto address = address_of(path);
  if (!address) return fail(address.error());
  const Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) != 0) {
    return fail(ErrorCode::not_found, fmt::format("no node is running at {}", path));
  }
  write_all(socket.get(), fmt::format("{}", fmt::join(words, "\n")));
  ::shutdown(socket.get(), SHUT_WR);
  const std::string answer = read_all(socket.get(), 16U << 20, 60'000);
  const std::size_t line = answer.find('\n');
  if (line == std::string::npos)
    return fail(ErrorCode::unavailable, "the node closed the connection without an answer");
  const std::string text = answer.substr(line + 1);
  if (answer.substr(0, line) != "ok") return fail(ErrorCode::invalid_argument, text);
  return text;
}

}  // namespace millrace
