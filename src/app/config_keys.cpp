#include "app/config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <vector>

namespace millrace {
namespace {

using Setter = std::function<Result<void>(Config&, std::string_view)>;

/// Chooses one of Config's sections' members: `at(config)` is a reference to it.
template <class At>
Setter text(At at) {
  return [at](Config& config, std::string_view value) -> Result<void> {
    at(config) = std::string(value);
    return {};
  };
}

template <class At>
Setter one_of(At at, std::vector<std::string_view> valid) {
  return [at, valid = std::move(valid)](Config& config, std::string_view value) -> Result<void> {
    for (const std::string_view choice : valid) {
      if (value != choice) continue;
      at(config) = std::string(value);
      return {};
    }
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}' is not valid here: write {}", value, fmt::join(valid, " or ")));
  };
}

template <class At>
Setter duration(At at, Duration low, Duration high, std::string_view range) {
  return [at, low, high, range](Config& config, std::string_view value) -> Result<void> {
    const auto parsed = parse_duration(value);
    if (!parsed) return fail(parsed.error());
    if (*parsed < low || *parsed > high) {
      return fail(ErrorCode::invalid_argument, fmt::format("'{}' is out of range: {}", value, range));
    }
    at(config) = *parsed;
    return {};
  };
}

template <class At>
Setter size(At at, std::uint64_t low, std::uint64_t high) {
  return [at, low, high](Config& config, std::string_view value) -> Result<void> {
    const auto parsed = parse_size(value);
    if (!parsed) return fail(parsed.error());
    if (*parsed < low || *parsed > high) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("'{}' is out of range: from {} to {} bytes", value, low, high));
    }
    at(config) = *parsed;
    return {};
  };
}

template <class At>
Setter integer(At at, std::int64_t low, std::int64_t high) {
  return [at, low, high](Config& config, std::string_view value) -> Result<void> {
    std::int64_t parsed = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
    if (error != std::errc{} || end != value.data() + value.size() || parsed < low || parsed > high) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("'{}' is not valid here: write a whole number from {} to {}", value, low, high));
    }
    at(config) = parsed;
    return {};
  };
}

template <class At>
Setter address(At at) {
  return [at](Config& config, std::string_view value) -> Result<void> {
    const auto parsed = parse_host_port(value);
    if (!parsed) return fail(parsed.error());
    at(config) = std::string(value);
    return {};
  };
}

template <class At>
Setter fixed(At at, Duration only, std::string_view written) {
  return [at, only, written](Config& config, std::string_view value) -> Result<void> {
    const auto parsed = parse_duration(value);
    if (!parsed || *parsed != only) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("'{}' is not valid here: {} is the only value so far", value, written));
    }
    at(config) = *parsed;
    return {};
  };
}

template <class At>
Setter number(At at, double low, double high) {
  return [at, low, high](Config& config, std::string_view value) -> Result<void> {
    double parsed = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
    if (error != std::errc{} || end != value.data() + value.size() || parsed < low || parsed > high) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("'{}' is not valid here: write a number from {} to {}", value, low, high));
    }
    at(config) = parsed;
    return {};
  };
}

constexpr Duration second{1'000};
constexpr Duration hour{3'600'000};
constexpr Duration year = 365 * 24 * hour;

// A key's place in Config, once.
#define MILLRACE_AT(member) [](Config& config) -> auto& { return config.member; }

std::vector<ConfigKey> make_keys() {
  return {
      {"server.listen", "string", "127.0.0.1:8080", "Address and port of the server; port 0 takes any free one.",
       address(MILLRACE_AT(server.listen))},
      {"server.data", "string", "./millrace-data", "Folder that holds everything that is kept.",
       text(MILLRACE_AT(server.data))},
      {"server.log_level", "string", "info", "How much is logged: debug, info, warn or error.",
       one_of(MILLRACE_AT(server.log_level), {"debug", "info", "warn", "error"})},
      {"server.threads", "integer", "0", "Threads that serve connections; 0 takes one a core.",
       integer(MILLRACE_AT(server.threads), 0, 256)},
      {"server.tls_certificate", "string", "", "PEM file with the certificate chain; empty serves without TLS.",
       text(MILLRACE_AT(server.tls_certificate))},
      {"server.tls_key", "string", "", "PEM file with the certificate's key.", text(MILLRACE_AT(server.tls_key))},
      {"server.public_url", "string", "", "URL under which a proxy offers this server.",
       text(MILLRACE_AT(server.public_url))},

      {"log.kind", "string", "journal", "Where accepted events are kept first: journal, the embedded log.",
       one_of(MILLRACE_AT(log.kind), {"journal"})},
      {"log.partitions", "integer", "4", "Partitions of the journal: the unit of parallelism; may grow, never shrink.",
       integer(MILLRACE_AT(log.partitions), 1, 256)},
      {"log.retention", "duration", "24h", "How long committed events stay in the journal and can be replayed.",
       duration(MILLRACE_AT(log.retention), Duration{0}, 10 * year, "from 0s to 10y")},
      {"log.max_bytes", "size", "10GB",
       "Size of the journal over which its oldest segments go, once all partitions have committed them.",
       size(MILLRACE_AT(log.max_bytes), 64U << 20, 1ULL << 50)},
      {"log.sync", "string", "commit", "When an event is acknowledged: commit, after its block has been fsynced.",
       one_of(MILLRACE_AT(log.sync), {"commit"})},

      {"stream.engine", "string", "builtin", "Who aggregates: builtin, this process.",
       one_of(MILLRACE_AT(stream.engine), {"builtin"})},
      {"stream.bucket", "duration", "10s", "Width of the tumbling window.",
       fixed(MILLRACE_AT(stream.bucket), 10 * second, "10s")},
      {"stream.window", "duration", "1m", "Width of the sliding window.",
       fixed(MILLRACE_AT(stream.window), 60 * second, "1m")},
      {"stream.out_of_orderness", "duration", "2s", "How far the watermark stays behind the newest event.",
       duration(MILLRACE_AT(stream.out_of_orderness), Duration{0}, hour, "from 0s to 1h")},
      {"stream.idle_after", "duration", "5s", "Silence after which a partition's watermark follows the clock.",
       duration(MILLRACE_AT(stream.idle_after), second, hour, "from 1s to 1h")},
      {"stream.commit_interval", "duration", "60s", "Longest time between two commits of a partition.",
       duration(MILLRACE_AT(stream.commit_interval), Duration{100}, hour, "from 100ms to 1h")},
      {"stream.allowed_lateness", "duration", "0s",
       "Age at arrival over which an event is rejected; 0s takes the raw retention less 1 h.",
       duration(MILLRACE_AT(stream.allowed_lateness), Duration{0}, 10 * year, "from 0s to 10y")},
      {"stream.compression", "number", "100", "Compression of the t-digest: higher is finer and larger.",
       number(MILLRACE_AT(stream.compression), 20, 1000)},

      {"store.kind", "string", "embedded",
       "Where rollups and raw points are kept: embedded, RocksDB in the data folder.",
       one_of(MILLRACE_AT(store.kind), {"embedded"})},
      {"store.raw_retention", "duration", "7d", "How long raw points are kept.",
       duration(MILLRACE_AT(store.raw_retention), 2 * hour, 100 * year, "from 2h to 100y")},
      {"store.retention_10s", "duration", "7d", "How long 10 s rows are kept.",
       duration(MILLRACE_AT(store.retention_10s), 2 * hour, 100 * year, "from 2h to 100y")},
      {"store.retention_1m", "duration", "90d", "How long 1 m rows are kept.",
       duration(MILLRACE_AT(store.retention_1m), 2 * hour, 100 * year, "from 2h to 100y")},
      {"store.retention_1h", "duration", "5y", "How long 1 h rows are kept.",
       duration(MILLRACE_AT(store.retention_1h), 2 * hour, 100 * year, "from 2h to 100y")},

      {"access.anonymous", "string", "auto",
       "What a caller without a token may do: auto (everything on loopback while no token exists), none, or read.",
       one_of(MILLRACE_AT(access.anonymous), {"auto", "none", "read"})},

      {"limits.body", "size", "32MB", "Largest request body, decompressed.",
       size(MILLRACE_AT(limits.body), 1U << 10, 1U << 30)},
      {"limits.line", "size", "1MB", "Longest line of NDJSON.", size(MILLRACE_AT(limits.line), 256, 1U << 30)},
      {"limits.events", "integer", "500000", "Most events in one request.",
       integer(MILLRACE_AT(limits.events), 1, 10'000'000)},
      {"limits.connections", "integer", "20000", "Most open connections.",
       integer(MILLRACE_AT(limits.connections), 1, 1'000'000)},
      {"limits.header", "size", "16KiB", "Largest request header.",
       size(MILLRACE_AT(limits.header), 1U << 10, 1U << 20)},
      {"limits.series", "integer", "2000000", "Most series active within 24 h; events of further ones are rejected.",
       integer(MILLRACE_AT(limits.series), 1, 100'000'000)},
      {"limits.series_per_metric", "integer", "100000", "Most series of one metric active within 24 h.",
       integer(MILLRACE_AT(limits.series_per_metric), 1, 100'000'000)},
      {"limits.points", "integer", "11000", "Most points in one answer.",
       integer(MILLRACE_AT(limits.points), 1, 1'000'000)},
      {"limits.queue", "size", "64MB", "Queue of a partition; a full one answers 429.",
       size(MILLRACE_AT(limits.queue), 1U << 20, 1ULL << 34)},
      {"limits.message", "size", "64KiB", "Largest WebSocket message in.",
       size(MILLRACE_AT(limits.message), 128, 16U << 20)},
      {"limits.subscriptions", "integer", "50", "Most topics of one stream.",
       integer(MILLRACE_AT(limits.subscriptions), 1, 1000)},
      {"limits.query", "duration", "10s", "Longest time of one query.",
       duration(MILLRACE_AT(limits.query), Duration{100}, hour, "from 100ms to 1h")},
      {"limits.queries", "integer", "64", "Queries that may wait or run; further ones are answered 429.",
       integer(MILLRACE_AT(limits.queries), 1, 10'000)},
  };
}

#undef MILLRACE_AT

}  // namespace

std::span<const ConfigKey> config_keys() {
  static const std::vector<ConfigKey> keys = make_keys();
  return keys;
}

std::string config_documentation() {
  std::string page =
      "# Configuration\n\n"
      "One TOML file (`millrace serve --config millrace.toml`). Every key is also an environment variable\n"
      "(`server.listen` is `MILLRACE_SERVER_LISTEN`); a flag stands above both. `millrace check-config FILE` names\n"
      "every mistake with its line. This page is printed by `millrace check-config --documentation` from the table\n"
      "that reads the file, and a test compares them.\n\n"
      "| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const ConfigKey& key : config_keys()) {
    page += fmt::format("| `{}` | {} | {} | {} |\n", key.name, key.type,
                        key.standard.empty() ? "" : fmt::format("`{}`", key.standard), key.help);
  }
  return page;
}

}  // namespace millrace
