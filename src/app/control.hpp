#pragma once

#include "base/result.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// The door for commands on a running node: a Unix socket DATA/control.sock, mode 0600, so that whoever may read the
/// data folder may use it.
///
/// One request a connection: words separated by '\n', the writing side then closed. Answer: "ok\n" or "error\n", then
/// text.
class ControlServer {
 public:
  using Handler = std::function<Result<std::string>(const std::vector<std::string>& words)>;

  ControlServer();
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// Listens at `path`, replacing a socket that a dead process left. `handler` runs on the server's own thread.
  Result<void> start(const std::string& path, Handler handler);
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Asks the node that listens at `path`. `not_found`: no node is running there.
[[nodiscard]] Result<std::string> ask_control(const std::string& path, const std::vector<std::string>& words);

}  // namespace millrace
