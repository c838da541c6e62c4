#include "net/net_thread.hpp"

#include "net/connection.hpp"
#include "net/response.hpp"

#include <chrono>
#include <vector>

namespace millrace::net {
namespace {

thread_local bool t_net_thread = false;

std::array<Counter*, 6> response_counters(Metrics& metrics) {
  std::array<Counter*, 6> counters{};
  constexpr std::array<const char*, 6> labels{"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
  for (std::size_t i = 0; i < counters.size(); ++i) {
    counters[i] = &metrics.counter("millrace_http_responses_total", "HTTP responses by class of status.",
                                   {{"status", labels[i]}});
  }
  return counters;
}

}  // namespace

bool on_net_thread() { return t_net_thread; }

NetFigures::NetFigures(Metrics& metrics)
    : connections(metrics.gauge("millrace_http_connections", "Open client connections.")),
      streams(metrics.gauge("millrace_http_streams", "Open WebSockets and event streams.")),
      responses(response_counters(metrics)),
      body_bytes(metrics.counter("millrace_http_body_bytes_total", "Bytes of request bodies received.")),
      refused_connections(
          metrics.counter("millrace_http_refused_connections_total", "Connections closed at the connection limit.")) {}

NetThread::NetThread(std::shared_ptr<NetShared> net_shared, std::size_t number)
    : kept(std::move(net_shared)),
      shared(*kept),
      index(number),
      work_(io.get_executor()),
      timer_(io),
      random_(std::random_device{}()) {}

void NetThread::start() {
  asio::post(io, [this] { sweep(); });
  thread_ = std::thread([this] {
    t_net_thread = true;
    io.run();
  });
}

void NetThread::shut_down() {
  const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
  for (const auto& connection : all) connection->shut_down();
}

void NetThread::end() {
  timer_.cancel();
  const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
  for (const auto& connection : all) connection->drop();
  work_.reset();
  io.stop();
}

void NetThread::join() {
  if (!thread_.joinable()) return;
  thread_.join();
  // What was cancelled completes here, while everything that it borrows still stands.
  io.restart();
  io.poll();
  const std::vector<std::shared_ptr<Connection>> late(connections_.begin(), connections_.end());
  for (const auto& connection : late) connection->drop();
  io.restart();
  io.poll();
}

void NetThread::add(std::shared_ptr<Connection> connection) { connections_.insert(std::move(connection)); }

void NetThread::remove(const std::shared_ptr<Connection>& connection) {
  if (connections_.erase(connection) == 0) return;
  load.fetch_sub(1);
  shared.figures.connections.set(static_cast<double>(shared.open.fetch_sub(1) - 1));
}

void NetThread::sweep() {
  const Duration at = now();
  std::vector<std::shared_ptr<Connection>> due;
  for (const auto& connection : connections_) {
    if (connection->deadline() <= at) due.push_back(connection);
  }
  for (const auto& connection : due) connection->on_deadline(at);
  timer_.expires_after(shared.options.tick);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) sweep();
  });
}

std::string_view NetThread::date() {
  const std::int64_t second = shared.clock().now().value / 1000;
  if (second != date_second_) {
    date_second_ = second;
    date_ = http_date(second);
  }
  return date_;
}

std::string NetThread::new_request_id() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id(16, '0');
  std::uint64_t bits = random_();
  for (char& c : id) {
    c = digits[bits & 15];
    bits >>= 4;
  }
  return id;
}

}  // namespace millrace::net
