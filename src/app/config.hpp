#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Everything that can be configured, with its defaults. Keys, defaults and texts: config_keys().
struct Config {
  struct Server {
    std::string listen;
    std::string tls_certificate;
    std::string tls_key;
    std::string public_url;
    std::string data;
    std::string log_level;
    std::int64_t threads = 0;
  } server;
  struct Log {
    std::string kind;
    std::int64_t partitions = 0;
    Duration retention{0};
    std::uint64_t max_bytes = 0;
    std::string sync;
  } log;
  struct Stream {
    std::string engine;
    Duration bucket{0};
    Duration window{0};
    Duration out_of_orderness{0};
    Duration idle_after{0};
    Duration commit_interval{0};
    Duration allowed_lateness{0};  ///< 0: the raw retention less 1 h.
    double compression = 0;
  } stream;
  struct Store {
    std::string kind;
    Duration raw_retention{0};
    Duration retention_10s{0};
    Duration retention_1m{0};
    Duration retention_1h{0};
  } store;
  struct Access {
    std::string anonymous;
  } access;
  struct Limits {
    std::uint64_t body = 0;
    std::uint64_t line = 0;
    std::int64_t events = 0;
    std::int64_t connections = 0;
    std::uint64_t header = 0;
    std::int64_t series = 0;
    std::int64_t series_per_metric = 0;
    std::int64_t points = 0;
    std::uint64_t queue = 0;
    std::uint64_t message = 0;
    std::int64_t subscriptions = 0;
    Duration query{0};
    std::int64_t queries = 0;
  } limits;

  /// What the raw retention allows where allowed_lateness is not set.
  [[nodiscard]] Duration lateness() const;
};

/// One key of the file: the table that parses it also prints docs/configuration.md.
struct ConfigKey {
  std::string_view name;      ///< "section.key".
  std::string_view type;      ///< string, duration, size, integer or number: how its text is read.
  std::string_view standard;  ///< The default, as it would be written in the file.
  std::string_view help;      ///< One sentence.
  /// Takes the value as text; answers what is valid when it is not.
  std::function<Result<void>(Config&, std::string_view)> set;
};

/// All keys, by section, in the order of the documentation.
[[nodiscard]] std::span<const ConfigKey> config_keys();

/// A mistake in a configuration: where (file:line, MILLRACE_... or --flag) and what is valid.
struct ConfigMistake {
  std::string where;
  std::string message;

  friend bool operator==(const ConfigMistake&, const ConfigMistake&) = default;
};

/// What came of reading a configuration: usable only without mistakes.
struct ConfigReading {
  Config config;
  std::vector<ConfigMistake> mistakes;
};

/// Reads defaults, then the TOML text (called `file` in mistakes), then `environment` (MILLRACE_SECTION_KEY), then
/// `flags` ("section.key" -> text). Collects all mistakes at once, in that order.
[[nodiscard]] ConfigReading read_config(std::string_view toml, std::string_view file,
                                        const std::map<std::string, std::string>& environment,
                                        const std::map<std::string, std::string>& flags);

/// The page docs/configuration.md.
[[nodiscard]] std::string config_documentation();

/// "10s", "250ms", "5m", "24h", "7d", "5y".
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
/// Bytes: "65536", "64KB", "10GB", "4GiB"; KB is 1,000 and KiB 1,024.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);
/// HOST:PORT, with [::1]:PORT for IPv6.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const HostPort&, const HostPort&) = default;
};
/// Splits HOST:PORT; an error says what is valid.
[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text);

}  // namespace millrace
