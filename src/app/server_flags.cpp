#include "app/server_flags.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

namespace millrace {

void ServerFlags::add_to(CLI::App& command) {
  command.add_option("--config", file_, "TOML file; see docs/configuration.md")->type_name("FILE");
  const auto flag = [&](const char* name, const char* key, const char* help, const char* type) {
    command
        .add_option_function<std::string>(
            name, [this, key](const std::string& value) { flags_[key] = value; }, help)
        ->type_name(type);
  };
  flag("--listen", "server.listen", "Address of the server (default 127.0.0.1:8080; port 0: any free one)",
       "HOST:PORT");
  flag("--data", "server.data", "Folder that holds everything (default ./millrace-data)", "DIR");
  flag("--log-level", "server.log_level", "debug, info, warn or error (default info)", "LEVEL");
}

std::optional<Config> ServerFlags::read() const {
  std::string toml;
  if (!file_.empty()) {
    std::ifstream file(file_);
    if (!file) {
      fmt::print(stderr, "{}: can't be read\n", file_);
      return std::nullopt;
    }
    toml.assign(std::istreambuf_iterator<char>(file), {});
  }
  const ConfigReading reading = read_config(toml, file_, millrace_environment(), flags_);
  for (const ConfigMistake& mistake : reading.mistakes) fmt::print(stderr, "{}: {}\n", mistake.where, mistake.message);
  if (!reading.mistakes.empty()) return std::nullopt;
  return reading.config;
}

std::map<std::string, std::string> millrace_environment() {
  std::map<std::string, std::string> found;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (text.starts_with("MILLRACE_") && equals != std::string_view::npos) {
      found.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return found;
}

void set_up_log(const std::string& level) {
  auto log = spdlog::stderr_logger_mt("millrace");
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  log->set_level(spdlog::level::from_str(level));
  log->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(log));
}

namespace {

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

void block_signals() {
  const sigset_t set = ending_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

void wait_for_signal() {
  const sigset_t set = ending_signals();
  int received = 0;
  sigwait(&set, &received);
}

}  // namespace millrace
