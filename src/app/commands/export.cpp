#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"
#include "net/client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace millrace {
namespace {

struct ExportOptions {
  std::string server = "http://127.0.0.1:8080";
  std::string token;
  std::string name;
  std::string source;
  std::string from = "now-1h";
  std::string to = "now";
  std::string resolution = "raw";
  std::string format = "csv";
};

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

int run_export(const ExportOptions& options) {
  const auto url = net::parse_url(options.server);
  if (!url) {
    fmt::print(stderr, "millrace: {}\n", url.error().message);
    return exit_usage;
  }
  std::string target =
      fmt::format("/api/v1/export?name={}&from={}&to={}&resolution={}&format={}", encoded(options.name),
                  encoded(options.from), encoded(options.to), encoded(options.resolution), options.format);
  if (!options.source.empty()) target += "&source=" + encoded(options.source);
  std::vector<std::pair<std::string, std::string>> headers;
  if (!options.token.empty()) headers.emplace_back("Authorization", "Bearer " + options.token);
  net::Client client(*url);
  const auto answer = client.get_pieces(target, headers, [](std::string_view piece) {
    return std::fwrite(piece.data(), 1, piece.size(), stdout) == piece.size();
  });
  if (!answer) {
    fmt::print(stderr, "millrace: {}\n", answer.error().message);
    return exit_failure;
  }
  if (answer->status != 200) {
    fmt::print(stderr, "millrace: {} answered {}: {}\n", options.server, answer->status, answer->body);
    return answer->status == 400 ? exit_usage : exit_failure;
  }
  return std::fflush(stdout) == 0 ? exit_ok : exit_failure;
}

}  // namespace

void add_export(CLI::App& root, Run& run) {
  auto* command = root.add_subcommand("export", "Raw points or windows out of a running server, as CSV or NDJSON");
  command->footer("Example: millrace export --name cpu_usage_percent --from now-1h --to now --format csv > cpu.csv");
  auto options = std::make_shared<ExportOptions>();
  command->add_option("--server", options->server, "The server (default http://127.0.0.1:8080)")->type_name("URL");
  command->add_option("--token", options->token, "Token with scope read; also MILLRACE_TOKEN")
      ->envname("MILLRACE_TOKEN");
  command->add_option("--name", options->name, "Metric")->required();
  command->add_option("--source", options->source, "Only this source");
  command->add_option("--from", options->from, "RFC 3339, epoch ms or now-15m (default now-1h)")->type_name("TIME");
  command->add_option("--to", options->to, "The same (default now)")->type_name("TIME");
  command->add_option("--resolution", options->resolution, "raw, 10s, 1m, 1h or a multiple of 10s (default raw)");
  command->add_option("--format", options->format, "csv or ndjson (default csv)")
      ->check(CLI::IsMember({"csv", "ndjson"}));
  command->callback([&run, options] { run = [options] { return run_export(*options); }; });
}

}  // namespace millrace
