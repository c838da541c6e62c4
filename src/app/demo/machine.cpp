#include "app/demo/machine.hpp"

#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <sstream>

namespace millrace {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

template <class Line>
void each_line(std::string_view text, Line line) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::map<std::string, CoreTimes> parse_cores(std::string_view proc_stat) {
  std::map<std::string, CoreTimes> cores;
  each_line(proc_stat, [&cores](std::string_view line) {
    if (!line.starts_with("cpu") || line.size() < 4 || line[3] == ' ') return;
    std::istringstream fields{std::string(line.substr(3))};
    std::string core;
    fields >> core;
    // user nice system idle iowait irq softirq steal; guest times are part of user.
    std::array<std::uint64_t, 8> times{};
    for (auto& time : times) fields >> time;
    CoreTimes& sum = cores[core];
    for (const auto time : times) sum.total += time;
    sum.busy = sum.total - times[3] - times[4];
  });
  return cores;
}

std::optional<Memory> parse_memory(std::string_view proc_meminfo) {
  std::optional<double> total;
  std::optional<double> available;
  each_line(proc_meminfo, [&](std::string_view line) {
    std::istringstream fields{std::string(line)};
    std::string name;
    double kib = 0;
    if (!(fields >> name >> kib)) return;
    if (name == "MemTotal:") total = kib * 1024;
    if (name == "MemAvailable:") available = kib * 1024;
  });
  if (!total || !available) return std::nullopt;
  return Memory{*total, *available};
}

std::map<std::string, Traffic> parse_disks(std::string_view proc_diskstats) {
  std::map<std::string, Traffic> disks;
  each_line(proc_diskstats, [&disks](std::string_view line) {
    std::istringstream fields{std::string(line)};
    std::uint64_t major = 0;
    std::uint64_t minor = 0;
    std::string name;
    std::array<double, 7> figures{};  // reads, merged, sectors, ms, writes, merged, sectors
    fields >> major >> minor >> name;
    for (auto& figure : figures) fields >> figure;
    if (!fields || name.starts_with("loop") || name.starts_with("ram")) return;
    if (figures[2] + figures[6] > 0) disks[name] = {figures[2] * 512, figures[6] * 512};
  });
  return disks;
}

std::map<std::string, Traffic> parse_interfaces(std::string_view proc_net_dev) {
  std::map<std::string, Traffic> interfaces;
  each_line(proc_net_dev, [&interfaces](std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    std::istringstream name_field{std::string(line.substr(0, colon))};
    std::istringstream fields{std::string(line.substr(colon + 1))};
    std::string name;
    std::array<double, 9> figures{};  // received: bytes and seven more; sent: bytes
    name_field >> name;
    for (auto& figure : figures) fields >> figure;
    if (fields) interfaces[name] = {figures[0], figures[8]};
  });
  return interfaces;
}

Machine::Machine(std::string proc) : proc_(std::move(proc)) {
  std::array<char, 256> name{};
  host_ = ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != 0 ? name.data() : "localhost";
}

std::vector<Reading> Machine::read() {
  std::vector<Reading> readings;
  auto cores = parse_cores(read_file(proc_ + "/stat"));
  std::uint64_t all = 0;
  for (const auto& [core, times] : cores) {
    all += times.total;
    const auto before = cores_.find(core);
    if (before == cores_.end() || times.total <= before->second.total || times.busy < before->second.busy) continue;
    readings.push_back({"cpu_usage_percent",
                        share(times.busy - before->second.busy, times.total - before->second.total),
                        {{"core", core}}});
  }
  const std::uint64_t one_core = cores.empty() ? 0 : all / cores.size();
  cores_ = std::move(cores);

  double load = 0;
  if (std::istringstream(read_file(proc_ + "/loadavg")) >> load) readings.push_back({"load_1m", load, {}});
  if (const auto memory = parse_memory(read_file(proc_ + "/meminfo"))) {
    readings.push_back({"memory_used_bytes", memory->total - memory->available, {}});
    readings.push_back({"memory_used_ratio", (memory->total - memory->available) / memory->total, {}});
  }
  for (const auto& [device, bytes] : parse_disks(read_file(proc_ + "/diskstats"))) {
    readings.push_back({"disk_read_bytes_total", bytes.in, {{"device", device}}});
    readings.push_back({"disk_written_bytes_total", bytes.out, {{"device", device}}});
  }
  for (const auto& [interface, bytes] : parse_interfaces(read_file(proc_ + "/net/dev"))) {
    readings.push_back({"network_received_bytes_total", bytes.in, {{"interface", interface}}});
    readings.push_back({"network_sent_bytes_total", bytes.out, {{"interface", interface}}});
  }
  struct statvfs disk{};
  if (::statvfs("/", &disk) == 0 && disk.f_blocks > 0) {
    const auto blocks = static_cast<double>(disk.f_blocks);
    readings.push_back({"disk_used_ratio", (blocks - static_cast<double>(disk.f_bavail)) / blocks, {{"mount", "/"}}});
  }

  // Fields 14 and 15 (utime, stime) of proc_pid_stat(5), counted after the command's closing bracket.
  const std::string own = read_file(proc_ + "/self/stat");
  if (const std::size_t bracket = own.rfind(')'); bracket != std::string::npos) {
    std::istringstream fields(own.substr(bracket + 1));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    std::uint64_t user = 0;
    std::uint64_t system = 0;
    std::uint64_t resident = 0;
    fields >> user >> system;
    for (int i = 0; i < 8; ++i) fields >> skipped;
    fields >> resident;
    if (fields) {
      if (own_ && one_core > own_->second) {
        readings.push_back({"process_cpu_percent",
                            share(user + system - own_->first, one_core - own_->second),
                            {{"process", "millrace"}}});
      }
      own_ = {user + system, one_core};
      readings.push_back({"process_resident_bytes",
                          static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)),
                          {{"process", "millrace"}}});
    }
  }
  return readings;
}

}  // namespace millrace
