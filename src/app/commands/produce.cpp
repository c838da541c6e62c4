#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"
#include "app/produce/input.hpp"
#include "app/produce/sender.hpp"
#include "base/clock.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace millrace {
namespace {

struct ProduceOptions {
  std::string file = "-";
  std::string to = "http://127.0.0.1:8080";
  std::string token;
  std::string dead_letters = "produce-dead-letters.ndjson";
  bool replay = false;
  double speed = 0;  // 0: all at once, ending now
};

/// Says on a terminal how it goes, at most ten times a second.
class Progress {
 public:
  explicit Progress(const Sender& sender) : sender_(sender), shown_(::isatty(STDERR_FILENO) == 1) {}

  void step() {
    if (!shown_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    const Delivery so_far = sender_.so_far();
    const double seconds = std::chrono::duration<double>(now - begun_).count();
    const auto done = so_far.accepted + so_far.duplicates + so_far.rejected + so_far.failed;
    fmt::print(stderr, "\r{:>12} events  {:>10.0f} events/s ", done,
               static_cast<double>(done) / std::max(seconds, 1e-3));
  }
  void end() const {
    if (shown_) fmt::print(stderr, "\r\033[K");
  }
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  }

 private:
  const Sender& sender_;
  bool shown_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_{};
};

struct Kept {
  std::string line;
  std::optional<Millis> time;
};

/// Old data as if it ended now, or played on from now at `speed`.
void replay(std::vector<Kept> events, double speed, Sender& sender, Progress& progress) {
  const SystemClock clock;
  std::optional<Millis> first;
  std::optional<Millis> last;
  for (const Kept& event : events) {
    if (!event.time) continue;
    first = std::min(first.value_or(*event.time), *event.time);
    last = std::max(last.value_or(*event.time), *event.time);
  }
  if (speed > 0) {
    std::stable_sort(events.begin(), events.end(), [](const Kept& a, const Kept& b) { return a.time < b.time; });
  }
  const Millis begin = clock.now();
  for (const Kept& event : events) {
    std::string line = event.line;
    if (event.time && speed > 0) {
      const Millis at =
          begin + Duration{static_cast<std::int64_t>(static_cast<double>((*event.time - *first).count()) / speed)};
      while (clock.now() < at) {
        sender.flush();
        progress.step();
        std::this_thread::sleep_for(std::min(Duration{100}, at - clock.now()));
      }
      line = with_time(event.line, at).value_or(event.line);
    } else if (event.time) {
      line = with_time(event.line, *event.time + (begin - *last)).value_or(event.line);
    }
    sender.add(line);
    progress.step();
  }
}

int report(const Delivery& delivery, std::uint64_t bad_records, const ProduceOptions& options, double seconds) {
  const auto total = delivery.accepted + delivery.duplicates + delivery.rejected + delivery.failed;
  fmt::print("{} accepted, {} duplicates, {} rejected, {} failed in {:.1f} s, {:.0f} events/s\n", delivery.accepted,
             delivery.duplicates, delivery.rejected, delivery.failed, seconds,
             static_cast<double>(total) / std::max(seconds, 1e-3));
  for (const auto& [reason, count] : delivery.reasons) {
    fmt::print("  rejected as {}: {}{}\n", reason, count, delivery.rejected > 100 ? " of those that answers list" : "");
  }
  if (bad_records > 0) fmt::print("  {} records of the file could not be read\n", bad_records);
  if (delivery.failed > 0) fmt::print("  failed events are kept in {}\n", options.dead_letters);
  return delivery.failed > 0 || bad_records > 0 ? exit_failure : exit_ok;
}

int produce(const ProduceOptions& options) {
  const auto url = net::parse_url(options.to);
  if (!url) {
    fmt::print(stderr, "--to: {}\n", url.error().message);
    return exit_usage;
  }
  std::ifstream file;
  if (options.file != "-") {
    file.open(options.file, std::ios::binary);
    if (!file) {
      fmt::print(stderr, "{}: can't be read\n", options.file);
      return exit_usage;
    }
  }
  SenderOptions sending;
  sending.url = *url;
  sending.token = options.token;
  sending.dead_letters = options.dead_letters;
  Sender sender(std::move(sending));
  Progress progress(sender);
  std::uint64_t bad_records = 0;
  std::vector<Kept> kept;
  EventInput input(options.file == "-" ? static_cast<std::istream&>(std::cin) : file, options.replay);
  const auto read = input.read(
      [&](const InputEvent& event) {
        if (options.replay) {
          kept.push_back({std::string(event.line), event.time});
        } else {
          sender.add(event.line);
          progress.step();
        }
      },
      [&](std::uint64_t line, const std::string& message) {
        if (++bad_records <= 20) fmt::print(stderr, "line {}: {}\n", line, message);
      });
  if (!read) {
    fmt::print(stderr, "{}: {}\n", options.file, read.error().message);
    return exit_failure;
  }
  if (options.replay) replay(std::move(kept), options.speed, sender, progress);
  const Delivery delivery = sender.finish();
  progress.end();
  return report(delivery, bad_records, options, progress.seconds());
}

}  // namespace

void add_produce(CLI::App& root, Run& run) {
  auto* command =
      root.add_subcommand("produce", "Sends events from a file or standard input: NDJSON, or CSV with a header");
  command->footer("Example: millrace produce events.csv --to http://127.0.0.1:8080 --replay");
  auto options = std::make_shared<ProduceOptions>();
  command->add_option("FILE", options->file, "File, or - for standard input (default)");
  command->add_option("--to", options->to, "The server (default http://127.0.0.1:8080)")->type_name("URL");
  command->add_option("--token", options->token, "Token with scope write; also MILLRACE_TOKEN")
      ->envname("MILLRACE_TOKEN");
  command->add_flag("--replay", options->replay, "Shift old events in time so that the newest is now");
  command->add_option("--speed", options->speed, "With --replay: play on from now, N times as fast as it was")
      ->check(CLI::PositiveNumber)
      ->type_name("N")
      ->needs("--replay");
  command->add_option("--dead-letters", options->dead_letters, "Where failed events go")->type_name("FILE");
  command->callback([&run, options] { run = [options] { return produce(*options); }; });
}

}  // namespace millrace
