#include "app/bench/work_a.hpp"
#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"
#include "base/clock.hpp"
#include "net/client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace millrace {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t batch_lines = 10'000;

struct BenchOptions {
  std::string to = "http://127.0.0.1:8080";
  std::uint64_t events = 5'000'000;
  std::size_t connections = 2;
  double rate = 50'000;
  double seconds = 20;
};

double seconds_since(Steady::time_point begin) { return std::chrono::duration<double>(Steady::now() - begin).count(); }

/// Sends one body and answers whether the server took it.
bool send(net::Client& client, const std::string& body) {
  const auto answer = client.request("POST", "/api/v1/events", body, {{"Content-Type", "application/x-ndjson"}});
  return answer && answer->status == 200;
}

int bench_ingest(const BenchOptions& options) {
  const auto url = net::parse_url(options.to);
  if (!url) {
    fmt::print(stderr, "--to: {}\n", url.error().message);
    return exit_usage;
  }
  const SystemClock clock;
  // The load's event time runs one second for each 10,000 events; it begins so far back that it ends about now.
  const Millis start = clock.now() - Duration{static_cast<std::int64_t>(options.events / 10)} - Duration{1'000};
  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> failed{0};
  const auto begin = Steady::now();
  std::vector<std::thread> threads;
  for (std::size_t part = 0; part < options.connections; ++part) {
    threads.emplace_back([&, part] {
      net::Client client(*url);
      WorkA load(1, part, options.connections, start);
      for (std::uint64_t left = options.events / options.connections; left > 0;) {
        const std::size_t lines = std::min<std::uint64_t>(left, batch_lines);
        const std::string body = load.batch(lines);
        while (!send(client, body)) {  // 429: the queues are full; the same batch again
          if (++failed > 10'000) return;
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        sent += lines;
        left -= lines;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double took = seconds_since(begin);
  fmt::print("{{\"events\":{},\"seconds\":{:.3f},\"eventsPerSecond\":{:.0f},\"refusals\":{}}}\n", sent.load(), took,
             static_cast<double>(sent) / took, failed.load());
  return sent > 0 ? exit_ok : exit_failure;
}

/// Sends at `rate` until told to stop, in small batches as many producers would.
void keep_loading(const net::Url& url, double rate, const std::atomic<bool>& stop) {
  net::Client client(url);
  WorkA load(2, 0, 1, SystemClock().now());
  const auto begin = Steady::now();
  double sent = 0;
  while (!stop) {
    const double due = seconds_since(begin) * rate - sent;
    if (due < 500) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      continue;
    }
    const auto lines = static_cast<std::size_t>(std::min(due, 5'000.0));
    if (send(client, load.batch(lines))) sent += static_cast<double>(lines);
  }
}

int bench_latency(const BenchOptions& options) {
  const auto url = net::parse_url(options.to);
  if (!url) {
    fmt::print(stderr, "--to: {}\n", url.error().message);
    return exit_usage;
  }
  net::WebSocketClient socket;
  if (const auto connected = socket.connect(*url, "/metrics/stream?name=bench_probe&points=1"); !connected) {
    fmt::print(stderr, "millrace: {}\n", connected.error().message);
    return exit_failure;
  }
  // What is sent before the snapshot would come with it, and not as a change.
  for (bool begun = false; !begun;) {
    const auto message = socket.receive(Duration{10'000});
    if (!message) {
      fmt::print(stderr, "millrace: {}\n", message.error().message);
      return exit_failure;
    }
    begun = message->find("\"type\":\"snapshot\"") != std::string::npos;
  }
  std::atomic<bool> stop{false};
  std::thread loader([&] { keep_loading(*url, options.rate, stop); });
  net::Client probe(*url);
  std::vector<double> latencies;
  const auto begin = Steady::now();
  std::uint64_t number = 0;
  std::uint64_t missed = 0;
  while (seconds_since(begin) < options.seconds) {
    ++number;
    const auto sent_at = Steady::now();
    if (!send(probe, fmt::format(R"({{"metric_name":"bench_probe","source_id":"probe","value":{}}})", number)))
      continue;
    // The frame that shows this event has it as the bucket's last value.
    const std::string wanted = fmt::format("\"last\":{},", number);
    bool seen = false;
    while (!seen && Steady::now() - sent_at < std::chrono::seconds(5)) {
      const auto message = socket.receive(Duration{5'000});
      if (!message) break;
      seen = message->find("\"type\":\"point\"") != std::string::npos && message->find(wanted) != std::string::npos;
    }
    if (seen) {
      latencies.push_back(std::chrono::duration<double, std::milli>(Steady::now() - sent_at).count());
    } else {
      ++missed;
    }
    // Not in step with the server's tick.
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + number * 37 % 90));
  }
  stop = true;
  loader.join();
  if (latencies.empty()) {
    fmt::print(stderr, "millrace: no frame showed a probe's event\n");
    return exit_failure;
  }
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&](double q) {
    return latencies[static_cast<std::size_t>(q * static_cast<double>(latencies.size() - 1))];
  };
  fmt::print("{{\"probes\":{},\"missed\":{},\"p50Ms\":{:.1f},\"p99Ms\":{:.1f},\"maxMs\":{:.1f}}}\n", latencies.size(),
             missed, at(0.5), at(0.99), latencies.back());
  return exit_ok;
}

}  // namespace

void add_bench(CLI::App& root, Run& run) {
  auto* command = root.add_subcommand("bench", "Load and latency against a running server, printed as JSON");
  command->require_subcommand(1);
  command->footer("Example: millrace bench ingest --to http://127.0.0.1:8080 --events 5000000");
  auto options = std::make_shared<BenchOptions>();

  auto* ingest =
      command->add_subcommand("ingest", "10,000 series, one value a second each, as fast as the server takes it");
  ingest->add_option("--to", options->to, "The server (default http://127.0.0.1:8080)")->type_name("URL");
  ingest->add_option("--events", options->events, "How many (default 5,000,000)")->check(CLI::PositiveNumber);
  ingest->add_option("--connections", options->connections, "Connections (default 2)")->check(CLI::Range(1, 64));
  ingest->footer("Example: millrace bench ingest --events 5000000 --connections 2");
  ingest->callback([&run, options] { run = [options] { return bench_ingest(*options); }; });

  auto* latency =
      command->add_subcommand("latency", "From sending one event to its frame at a subscriber, beside a load");
  latency->add_option("--to", options->to, "The server (default http://127.0.0.1:8080)")->type_name("URL");
  latency->add_option("--rate", options->rate, "Events a second beside the probe (default 50,000)")
      ->check(CLI::PositiveNumber);
  latency->add_option("--seconds", options->seconds, "How long (default 20)")->check(CLI::PositiveNumber);
  latency->footer("Example: millrace bench latency --rate 50000 --seconds 20");
  latency->callback([&run, options] { run = [options] { return bench_latency(*options); }; });
}

}  // namespace millrace
