#include "net/server.hpp"

#include "net/connection.hpp"
#include "net/http_session.hpp"
#include "net/net_thread.hpp"
#include "net/tls.hpp"
#include "net/transport.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace millrace::net {
namespace {

using asio::ip::tcp;

std::string address_of(const tcp::socket& socket) {
  error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return "unknown";
  auto address = peer.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return address.to_string();
}

std::string advice(const error_code& error, const std::string& where) {
  if (error == asio::error::address_in_use) {
    return where + " is in use by another process; stop it or listen on another port (--listen HOST:PORT).";
  }
  if (error == asio::error::access_denied) {
    return where + " is not allowed to this user; take a port above 1023.";
  }
  return "Can't listen on " + where + ": " + error.message() + ".";
}

}  // namespace

struct Server::Impl {
  Impl(ServerOptions options, Handler handler, Metrics& metrics)
      : shared(std::make_shared<NetShared>(std::move(options), std::move(handler), metrics)) {}

  Result<void> start();
  void accept();
  void welcome(tcp::socket socket, const std::shared_ptr<NetThread>& thread);
  void stop(Duration grace);

  std::shared_ptr<NetShared> shared;
  std::shared_ptr<asio::ssl::context> tls;
  std::vector<std::shared_ptr<NetThread>> threads;
  std::unique_ptr<tcp::acceptor> acceptor;  // on the first thread
  std::unique_ptr<asio::steady_timer> pause;
  std::uint16_t port = 0;
};

Result<void> Server::Impl::start() {
  const auto& options = shared->options;
  const std::string where = options.host + ":" + std::to_string(options.port);
  if (!options.tls_certificate.empty()) {
    auto context = make_server_tls(options.tls_certificate, options.tls_key);
    if (!context) return fail(std::move(context.error()));
    tls = *std::move(context);
  }
  for (std::size_t i = 0; i < std::max<std::size_t>(options.threads, 1); ++i) {
    threads.push_back(std::make_shared<NetThread>(shared, i));
  }

  error_code error;
  tcp::resolver resolver(threads.front()->io);
  const auto found = resolver.resolve(options.host, std::to_string(options.port), tcp::resolver::passive, error);
  if (error || found.empty()) {
    threads.clear();
    return fail(ErrorCode::invalid_argument,
                "Can't listen on " + where + ": the host is not an address of this machine.");
  }
  const tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor = std::make_unique<tcp::acceptor>(threads.front()->io);
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor->set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(4096, error);
  if (!error) port = acceptor->local_endpoint(error).port();
  if (error) {
    acceptor.reset();
    threads.clear();
    return fail(ErrorCode::unavailable, advice(error, where));
  }
  pause = std::make_unique<asio::steady_timer>(threads.front()->io);
  accept();
  for (const auto& thread : threads) thread->start();
  return {};
}

void Server::Impl::accept() {
  // One acceptor deals connections out to the least loaded thread: with SO_REUSEPORT two busy senders land on the
  // same thread half of the time, and a port in use by another server would not be noticed.
  const auto thread = *std::ranges::min_element(threads, {}, [](const auto& each) { return each->load.load(); });
  acceptor->async_accept(thread->io, [this, thread](error_code error, tcp::socket socket) {
    if (shared->stopping || error == asio::error::operation_aborted) return;
    if (error) {
      // Out of descriptors, most likely: give others the time to close some.
      pause->expires_after(std::chrono::milliseconds(100));
      pause->async_wait([this](error_code aborted) {
        if (!aborted) accept();
      });
      return;
    }
    welcome(std::move(socket), thread);
    accept();
  });
}

void Server::Impl::welcome(tcp::socket socket, const std::shared_ptr<NetThread>& thread) {
  if (shared->open.load() >= static_cast<std::int64_t>(shared->options.connections)) {
    shared->figures.refused_connections.add();
    if (!tls) {
      static constexpr std::string_view kFull =
          "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 74\r\n"
          "Retry-After: 5\r\nConnection: close\r\n\r\n"
          "{\"error\":{\"code\":\"overloaded\",\"message\":\"Too many connections are open.\"}}";
      error_code ignored;
      socket.non_blocking(true, ignored);
      socket.write_some(asio::buffer(kFull.data(), kFull.size()), ignored);
    }
    return;
  }
  thread->load.fetch_add(1);
  shared->figures.connections.set(static_cast<double>(shared->open.fetch_add(1) + 1));
  thread->dispatch([this, thread = thread.get(), socket = std::move(socket)]() mutable {
    std::string remote = address_of(socket);
    auto transport = tls ? make_tls_transport(std::move(socket), *tls) : make_plain_transport(std::move(socket));
    const auto connection = std::make_shared<Connection>(*thread, std::move(transport), std::move(remote));
    thread->add(connection);
    connection->start(std::make_shared<HttpSession>(connection));
  });
}

void Server::Impl::stop(Duration grace) {
  if (threads.empty()) return;
  const auto until = std::chrono::steady_clock::now() + grace;
  asio::post(threads.front()->io, [this] {
    shared->stopping = true;
    error_code ignored;
    acceptor->close(ignored);
    pause->cancel();
  });
  for (const auto& thread : threads) {
    asio::post(thread->io, [this, thread = thread.get()] {
      shared->stopping = true;
      thread->shut_down();
    });
  }
  while (shared->open.load() > 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  for (const auto& thread : threads) asio::post(thread->io, [thread = thread.get()] { thread->end(); });
  for (const auto& thread : threads) thread->join();
  acceptor.reset();
  pause.reset();
  threads.clear();
}

Server::Server(ServerOptions options, Handler handler, Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler), metrics)) {}

Server::~Server() { impl_->stop(Duration{0}); }

Result<void> Server::start() { return impl_->start(); }

std::uint16_t Server::port() const { return impl_->port; }

void Server::stop(Duration grace) { impl_->stop(grace); }

}  // namespace millrace::net
