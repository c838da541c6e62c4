#include "app/config.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <sstream>

namespace millrace {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

std::string unknown_key(std::string_view name) {
  const auto keys = config_keys();
  const auto nearest = std::min_element(keys.begin(), keys.end(), [name](const ConfigKey& a, const ConfigKey& b) {
    return edit_distance(name, a.name) < edit_distance(name, b.name);
  });
  return fmt::format("unknown key '{}'; the nearest known one is '{}'", name, nearest->name);
}

const ConfigKey* find_key(std::string_view name) {
  for (const ConfigKey& key : config_keys()) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

/// A TOML scalar as the text that a setter reads; empty optional for one of the wrong type.
std::optional<std::string> scalar_text(const toml::node& node, std::string_view type) {
  const bool numeric = type == "integer" || type == "number";
  if (const auto* text = node.as_string()) return numeric ? std::nullopt : std::optional(text->get());
  if (const auto* whole = node.as_integer()) {
    return type == "size" || numeric ? std::optional(std::to_string(whole->get())) : std::nullopt;
  }
  if (const auto* real = node.as_floating_point()) {
    return type == "number" ? std::optional(fmt::format("{}", real->get())) : std::nullopt;
  }
  return std::nullopt;
}

void read_value(const toml::node& node, const std::string& name, const std::string& where, ConfigReading& reading) {
  const ConfigKey* key = find_key(name);
  if (key == nullptr) {
    reading.mistakes.push_back({where, unknown_key(name)});
    return;
  }
  const auto text = scalar_text(node, key->type);
  if (!text) {
    reading.mistakes.push_back(
        {where, fmt::format("{}: wrong type: write a {} such as {}", name, key->type,
                            key->type == "integer" || key->type == "number" ? std::string(key->standard)
                                                                            : fmt::format("\"{}\"", key->standard))});
    return;
  }
  if (const auto set = key->set(reading.config, *text); !set) {
    reading.mistakes.push_back({where, fmt::format("{}: {}", name, set.error().message)});
  }
}

void read_toml(std::string_view text, std::string_view file, ConfigReading& reading) {
  const auto where = [file](const toml::source_region& source) {
    return fmt::format("{}:{}", file, source.begin.line);
  };
  toml::table root;
  try {
    root = toml::parse(text, std::string(file));
  } catch (const toml::parse_error& error) {
    reading.mistakes.push_back({where(error.source()), std::string(error.description())});
    return;
  }
  std::vector<std::pair<toml::source_position, std::function<void()>>> in_file_order;
  for (const auto& [section, node] : root) {
    const std::string section_name(section.str());
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      read_value(node, section_name, where(node.source()), reading);
      continue;
    }
    const bool known = std::any_of(config_keys().begin(), config_keys().end(),
                                   [&](const ConfigKey& key) { return key.name.starts_with(section_name + "."); });
    if (!known && table->empty()) reading.mistakes.push_back({where(node.source()), unknown_key(section_name)});
    for (const auto& [key, value] : *table) {
      const std::string name = fmt::format("{}.{}", section_name, key.str());
      const toml::node* at = &value;
      in_file_order.emplace_back(value.source().begin,
                                 [at, name, &reading, &where] { read_value(*at, name, where(at->source()), reading); });
    }
  }
  std::stable_sort(in_file_order.begin(), in_file_order.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.line, a.first.column) < std::pair(b.first.line, b.first.column);
  });
  for (const auto& [position, read] : in_file_order) read();
}

std::string variable_name(std::string_view key) {
  std::string name = "MILLRACE_";
  for (const char c : key) name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

void check_together(ConfigReading& reading) {
  const Config& config = reading.config;
  if (config.server.tls_certificate.empty() != config.server.tls_key.empty()) {
    reading.mistakes.push_back({"server", "tls_certificate and tls_key go together: set both or neither"});
  }
  if (config.stream.allowed_lateness > config.store.raw_retention - Duration{3'600'000}) {
    reading.mistakes.push_back(
        {"stream.allowed_lateness",
         "must leave 1 h of store.raw_retention, so that what a late event needs is still kept"});
  }
}

}  // namespace

Duration Config::lateness() const {
  return stream.allowed_lateness > Duration{0} ? stream.allowed_lateness : store.raw_retention - Duration{3'600'000};
}

ConfigReading read_config(std::string_view toml, std::string_view file,
                          const std::map<std::string, std::string>& environment,
                          const std::map<std::string, std::string>& flags) {
  ConfigReading reading;
  for (const ConfigKey& key : config_keys()) {
    if (!key.set(reading.config, key.standard)) std::abort();  // a default that its own rule refuses is a bug
  }
  read_toml(toml, file, reading);
  for (const ConfigKey& key : config_keys()) {
    const std::string variable = variable_name(key.name);
    const auto found = environment.find(variable);
    if (found == environment.end()) continue;
    if (const auto set = key.set(reading.config, found->second); !set) {
      reading.mistakes.push_back({variable, set.error().message});
    }
  }
  for (const auto& [name, value] : flags) {
    const ConfigKey* key = find_key(name);
    if (key == nullptr) {
      reading.mistakes.push_back({"flag", unknown_key(name)});
    } else if (const auto set = key->set(reading.config, value); !set) {
      reading.mistakes.push_back({"flag for " + name, set.error().message});
    }
  }
  check_together(reading);
  return reading;
}

}  // namespace millrace
