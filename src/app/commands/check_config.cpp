#include "app/commands/commands.hpp"
#include "app/config.hpp"
#include "app/exit_code.hpp"
#include "app/server_flags.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <memory>

namespace millrace {

void add_check_config(CLI::App& root, Run& run) {
  auto* command = root.add_subcommand("check-config", "Names every mistake of a configuration file with its line");
  command->footer("Example: millrace check-config millrace.toml");
  auto file = std::make_shared<std::string>();
  auto documentation = std::make_shared<bool>(false);
  command->add_option("FILE", *file, "TOML file");
  command->add_flag("--documentation", *documentation, "Print all keys as a page (docs/configuration.md)");
  command->callback([&run, file, documentation] {
    run = [file, documentation] {
      if (*documentation) {
        fmt::print("{}", config_documentation());
        return exit_ok;
      }
      std::ifstream input(*file);
      if (file->empty() || !input) {
        fmt::print(stderr, "{}: can't be read; usage: millrace check-config FILE\n", *file);
        return exit_usage;
      }
      const std::string toml{std::istreambuf_iterator<char>(input), {}};
      const ConfigReading reading = read_config(toml, *file, millrace_environment(), {});
      for (const auto& mistake : reading.mistakes) fmt::print(stderr, "{}: {}\n", mistake.where, mistake.message);
      if (!reading.mistakes.empty()) return exit_usage;
      fmt::print("{}: good\n", *file);
      return exit_ok;
    };
  });
}

}  // namespace millrace
