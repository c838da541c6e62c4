#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"
#include "app/page.hpp"
#include "app/version.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
  using namespace millrace;
  CLI::App root("Millrace: real-time analytics on one machine, in one binary", "millrace");
  root.set_version_flag("--version", std::string(version));
  root.require_subcommand(1);
  root.footer("Example: millrace demo");
  Run run;
  add_serve(root, run, page_assets());
  add_demo(root, run, page_assets());
  add_produce(root, run);
  add_export(root, run);
  add_check_config(root, run);
  add_token(root, run);
  add_bench(root, run);
  try {
    root.parse(argc, argv);
    return run();
  } catch (const CLI::ParseError& error) {
    return root.exit(error) == 0 ? exit_ok : exit_usage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "millrace: {}\n", error.what());
    return exit_failure;
  }
}
