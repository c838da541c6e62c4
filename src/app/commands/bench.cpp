#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"

#include <CLI/CLI.hpp>

namespace millrace {

void add_bench(CLI::App&, Run&) {}

}  // namespace millrace
