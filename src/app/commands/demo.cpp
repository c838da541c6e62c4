#include "app/commands/commands.hpp"
#include "app/demo/feed.hpp"
#include "app/exit_code.hpp"
#include "app/node.hpp"
#include "app/server_flags.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace millrace {
namespace {

int demo(const ServerFlags& flags, std::span<const Asset> page) {
  auto config = flags.read();
  if (!config) return exit_usage;
  block_signals();
  set_up_log(config->server.log_level);
  Node node(*std::move(config), page);
  if (const auto started = node.start({}); !started) {
    fmt::print(stderr, "millrace: {}\n", started.error().message);
    return started.error().code == ErrorCode::io ? exit_failure : exit_usage;
  }
  DemoFeed feed(node);
  feed.start();
  fmt::print("listening on {}\n", node.url());
  fmt::print("This machine and a simulated shop, live: {}/   (Ctrl-C ends it)\n", node.url());
  std::fflush(stdout);
  wait_for_signal();
  feed.stop();
  const auto stopped = node.stop(shutdown_grace);
  if (!stopped) spdlog::error("stopping: {}", stopped.error().message);
  return stopped ? exit_ok : exit_failure;
}

}  // namespace

void add_demo(CLI::App& root, Run& run, std::span<const Asset> page) {
  auto* command = root.add_subcommand("demo", "The server with live data at once: this machine and a simulated shop");
  command->footer("Example: millrace demo --listen 127.0.0.1:9000");
  auto flags = std::make_shared<ServerFlags>();
  flags->add_to(*command);
  command->callback([&run, flags, page] { run = [flags, page] { return demo(*flags, page); }; });
}

}  // namespace millrace
