#pragma once

#include "app/config.hpp"
#include "base/result.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace millrace {

/// The flags that every server command takes, and the configuration that they make with file and environment.
class ServerFlags {
 public:
  /// Adds --config, --listen, --data and --log-level.
  void add_to(CLI::App& command);
  /// Reads everything; prints every mistake to standard error and answers nullopt if there is one.
  [[nodiscard]] std::optional<Config> read() const;

 private:
  std::string file_;
  std::map<std::string, std::string> flags_;
};

/// All environment variables that begin with MILLRACE_.
[[nodiscard]] std::map<std::string, std::string> millrace_environment();

/// Sets up the process' log: to standard error, level and time in UTC, control characters escaped.
void set_up_log(const std::string& level);

/// Waits for SIGINT or SIGTERM. Call block_signals() before any thread starts.
void block_signals();
void wait_for_signal();

}  // namespace millrace
