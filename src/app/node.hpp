#pragma once

#include "api/api.hpp"
#include "app/config.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace millrace {

/// Time that stop() gets after a signal, so that the process ends within 10 s.
inline constexpr Duration shutdown_grace{9'000};

/// One running server: the only place where the parts are chosen and tied.
///
/// start() opens the data folder (one process at a time), replays the journal and serves; stop() drains: no further
/// requests, commit, WebSockets closed with 1012.
class Node {
 public:
  /// `assets`: the page's files.
  Node(Config config, std::span<const Asset> assets);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// Flags of `serve` that are no configuration.
  struct Start {
    bool repair = false;             ///< Keep what is whole of a damaged journal.
    bool confirm_retention = false;  ///< Allow one drop of more than a day of data.
  };
  /// Errors: `conflict` (the folder is in use: names the pid; or public address without a token), others of the parts.
  Result<void> start(Start options);
  /// "http://HOST:PORT".
  [[nodiscard]] std::string url() const;
  /// Ingests NDJSON as POST /api/v1/events would, and waits until it is durable. One caller at a time.
  Result<void> feed(std::string_view ndjson);
  /// Drains and commits within about `grace`.
  Result<void> stop(Duration grace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
