#pragma once

#include "base/types.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

/// One figure of this machine, ready to become an event.
struct Reading {
  std::string metric;
  double value = 0;
  std::vector<std::pair<std::string, std::string>> tags;

  friend bool operator==(const Reading&, const Reading&) = default;
};

/// Jiffies of one core since boot.
struct CoreTimes {
  std::uint64_t busy = 0;
  std::uint64_t total = 0;

  friend bool operator==(const CoreTimes&, const CoreTimes&) = default;
};

/// Cores of /proc/stat by number ("cpu0" is "0"); proc_stat(5). iowait and idle count as not busy.
[[nodiscard]] std::map<std::string, CoreTimes> parse_cores(std::string_view proc_stat);

/// MemTotal and MemAvailable of /proc/meminfo in bytes; nullopt if either is absent.
struct Memory {
  double total = 0;
  double available = 0;

  friend bool operator==(const Memory&, const Memory&) = default;
};
/// Reads /proc/meminfo; see Memory.
[[nodiscard]] std::optional<Memory> parse_memory(std::string_view proc_meminfo);

/// Bytes in (read, received) and out (written, sent) since boot.
struct Traffic {
  double in = 0;
  double out = 0;

  friend bool operator==(const Traffic&, const Traffic&) = default;
};
/// Devices of /proc/diskstats that did anything, loop and ram devices left out; a sector is 512 bytes.
[[nodiscard]] std::map<std::string, Traffic> parse_disks(std::string_view proc_diskstats);
/// Interfaces of /proc/net/dev.
[[nodiscard]] std::map<std::string, Traffic> parse_interfaces(std::string_view proc_net_dev);

/// Reads this machine's figures from /proc; figures that need two readings appear from the second call on.
class Machine {
 public:
  explicit Machine(std::string proc = "/proc");
  [[nodiscard]] std::vector<Reading> read();
  [[nodiscard]] const std::string& host() const { return host_; }

 private:
  std::string proc_;
  std::string host_;
  std::map<std::string, CoreTimes> cores_;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> own_;  ///< Own jiffies, all jiffies of one core.
};

}  // namespace millrace
