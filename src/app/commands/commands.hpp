#pragma once

#include "api/api.hpp"

#include <functional>
#include <span>

namespace CLI {
class App;
}

namespace millrace {

/// What `main` runs after the command line has been read: set by the chosen command, answers the exit code.
using Run = std::function<int()>;

/// Each adds one command with its options and an example to the command line. `page`: the files that a server serves.
void add_serve(CLI::App& root, Run& run, std::span<const Asset> page);
void add_demo(CLI::App& root, Run& run, std::span<const Asset> page);
void add_produce(CLI::App& root, Run& run);
void add_export(CLI::App& root, Run& run);
void add_check_config(CLI::App& root, Run& run);
void add_token(CLI::App& root, Run& run);
void add_bench(CLI::App& root, Run& run);

}  // namespace millrace
