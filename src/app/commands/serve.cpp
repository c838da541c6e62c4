#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"
#include "app/node.hpp"
#include "app/server_flags.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace millrace {
namespace {

struct ServeOptions {
  ServerFlags flags;
  Node::Start start;
  std::string role = "all";
};

int serve(const ServeOptions& options, std::span<const Asset> page) {
  auto config = options.flags.read();
  if (!config) return exit_usage;
  if (options.role != "all") {
    fmt::print(stderr, "--role {}: this build runs every role in one process: write all\n", options.role);
    return exit_usage;
  }
  block_signals();
  set_up_log(config->server.log_level);
  Node node(*std::move(config), page);
  if (const auto started = node.start(options.start); !started) {
    fmt::print(stderr, "millrace: {}\n", started.error().message);
    return started.error().code == ErrorCode::conflict || started.error().code == ErrorCode::invalid_argument ||
                   started.error().code == ErrorCode::unavailable
               ? exit_usage
               : exit_failure;
  }
  fmt::print("listening on {}\n", node.url());
  std::fflush(stdout);
  wait_for_signal();
  const auto stopped = node.stop(shutdown_grace);
  if (!stopped) spdlog::error("stopping: {}", stopped.error().message);
  return stopped ? exit_ok : exit_failure;
}

}  // namespace

void add_serve(CLI::App& root, Run& run, std::span<const Asset> page) {
  auto* command = root.add_subcommand("serve", "The server");
  command->footer("Example: millrace serve --data /var/lib/millrace --listen 127.0.0.1:8080");
  auto options = std::make_shared<ServeOptions>();
  options->flags.add_to(*command);
  command->add_option("--role", options->role, "What this process does: all")->type_name("ROLE");
  command->add_flag("--repair", options->start.repair,
                    "Keep what is whole of a damaged journal and list what was dropped");
  command->add_flag("--confirm-retention", options->start.confirm_retention,
                    "Allow retention to drop more than a day of data at once");
  command->callback([&run, options, page] { run = [options, page] { return serve(*options, page); }; });
}

}  // namespace millrace
