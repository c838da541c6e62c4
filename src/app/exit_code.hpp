#pragma once

namespace millrace {

/// What the process tells its caller.
enum ExitCode : int {
  exit_ok = 0,
  exit_failure = 1,
  exit_usage = 2,  ///< Wrong command line or configuration.
};

}  // namespace millrace
