#include "access/tokens.hpp"
#include "app/commands/commands.hpp"
#include "app/control.hpp"
#include "app/data_folder.hpp"
#include "app/exit_code.hpp"
#include "app/open_store.hpp"
#include "app/server_flags.hpp"
#include "app/token_commands.hpp"
#include "base/clock.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

namespace millrace {
namespace {

struct TokenOptions {
  ServerFlags flags;
  std::string scope = "write";
  std::string label;
  std::string id;
};

/// Through the node that runs there, else over its data folder.
Result<std::string> run_words(const Config& config, const std::vector<std::string>& words) {
  std::vector<std::string> asked{"token"};
  asked.insert(asked.end(), words.begin(), words.end());
  auto answer = ask_control(config.server.data + "/control.sock", asked);
  if (answer || answer.error().code != ErrorCode::not_found) return answer;
  auto folder = DataFolder::open(config.server.data);
  if (!folder) return fail(folder.error());
  auto store = open_store(config, *folder);
  if (!store) return fail(store.error());
  const SystemClock clock;
  Tokens tokens(**store, clock);
  if (const auto loaded = tokens.load(); !loaded) return fail(loaded.error());
  return run_token_words(tokens, words);
}

int run_command(const ServerFlags& flags, const std::vector<std::string>& words) {
  const auto config = flags.read();
  if (!config) return exit_usage;
  set_up_log(config->server.log_level == "info" ? "warn" : config->server.log_level);
  const auto answer = run_words(*config, words);
  if (!answer) {
    fmt::print(stderr, "millrace: {}\n", answer.error().message);
    return answer.error().code == ErrorCode::invalid_argument ? exit_usage : exit_failure;
  }
  fmt::print("{}", *answer);
  return exit_ok;
}

}  // namespace

void add_token(CLI::App& root, Run& run) {
  auto* command = root.add_subcommand("token", "Tokens for callers: create, list, revoke");
  command->require_subcommand(1);
  command->footer("Example: millrace token create --scope write --label ci");
  auto options = std::make_shared<TokenOptions>();

  auto* create = command->add_subcommand("create", "Makes a token; its secret is shown this once");
  options->flags.add_to(*create);
  create->add_option("--scope", options->scope, "read, write or admin")
      ->required()
      ->check(CLI::IsMember({"read", "write", "admin"}));
  create->add_option("--label", options->label, "What it is for")->type_name("TEXT");
  create->footer("Example: millrace token create --scope write --label ci");
  create->callback([&run, options] {
    run = [options] { return run_command(options->flags, {"create", options->scope, options->label}); };
  });

  auto* list = command->add_subcommand("list", "Lists tokens, never their secrets");
  options->flags.add_to(*list);
  list->footer("Example: millrace token list");
  list->callback([&run, options] { run = [options] { return run_command(options->flags, {"list"}); }; });

  auto* revoke = command->add_subcommand("revoke", "Ends a token at once");
  options->flags.add_to(*revoke);
  revoke->add_option("ID", options->id, "As `token list` shows it")->required();
  revoke->footer("Example: millrace token revoke 3f9a1c");
  revoke->callback(
      [&run, options] { run = [options] { return run_command(options->flags, {"revoke", options->id}); }; });
}

}  // namespace millrace
