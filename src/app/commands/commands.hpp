#pragma once

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace millrace {

/// What `main` runs after the command line has been read: set by the chosen command, answers the exit code.
using Run = std::function<int()>;

/// Each adds one command with its options and an example to the command line.
void add_serve(CLI::App& root, Run& run);
void add_demo(CLI::App& root, Run& run);
void add_produce(CLI::App& root, Run& run);
void add_export(CLI::App& root, Run& run);
void add_check_config(CLI::App& root, Run& run);
void add_token(CLI::App& root, Run& run);
void add_bench(CLI::App& root, Run& run);

}  // namespace millrace
