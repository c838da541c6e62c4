#pragma once

#include "net/server.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <utility>

namespace millrace::net {

namespace asio = boost::asio;
class Connection;

/// The server's own figures.
struct NetFigures {
  explicit NetFigures(Metrics& metrics);

  Gauge& connections;
  Gauge& streams;
  std::array<Counter*, 6> responses;  ///< By the status' first digit.
  Counter& body_bytes;
  Counter& refused_connections;
};

/// What all net threads share; outlives them.
struct NetShared {
  NetShared(ServerOptions server_options, Handler request_handler, Metrics& metrics)
      : options(std::move(server_options)), handler(std::move(request_handler)), figures(metrics) {}

  ServerOptions options;
  Handler handler;
  NetFigures figures;
  SystemClock system_clock;
  std::atomic<bool> stopping{false};
  std::atomic<std::int64_t> open{0};     ///< Connections, of all threads.
  std::atomic<std::int64_t> streams{0};  ///< WebSockets and event streams among them.

  [[nodiscard]] const Clock& clock() const { return options.clock != nullptr ? *options.clock : system_clock; }
};

/// One net thread: an event loop and the connections that live on it. Everything but post() is for that thread only.
class NetThread final : public std::enable_shared_from_this<NetThread> {
 public:
  NetThread(std::shared_ptr<NetShared> shared, std::size_t index);

  /// Runs `work` on the thread, from any thread; at once if this is it.
  template <class Work>
  void dispatch(Work&& work) {
    if (io.get_executor().running_in_this_thread()) {
      std::forward<Work>(work)();
    } else {
      asio::post(io, std::forward<Work>(work));
    }
  }

  void start();
  /// Lets idle connections go, and the busy ones after their answer.
  void shut_down();
  /// Ends everything that is left, and the loop.
  void end();
  void join();

  void add(std::shared_ptr<Connection> connection);
  void remove(const std::shared_ptr<Connection>& connection);

  [[nodiscard]] Duration now() const { return shared.clock().steady(); }
  /// For the Date header; made anew once a second.
  [[nodiscard]] std::string_view date();
  /// 16 random hex digits.
  [[nodiscard]] std::string new_request_id();

  /// Kept by each thread: a late Responder may be the last who holds it.
  const std::shared_ptr<NetShared> kept;
  NetShared& shared;
  const std::size_t index;
  asio::io_context io{1};
  std::atomic<std::size_t> load{0};   ///< Connections, also those on their way here.
  std::size_t in_flight = 0;          ///< Requests handed to the handler and not answered.
  std::array<char, 16U << 10> waste;  ///< Where bytes that nobody wants are read into.

 private:
  void sweep();

  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer timer_;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  std::thread thread_;
  std::mt19937_64 random_;
  std::int64_t date_second_ = -1;
  std::string date_;
};

/// Whether the calling thread is a net thread of any server.
[[nodiscard]] bool on_net_thread();

}  // namespace millrace::net
