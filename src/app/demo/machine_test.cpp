#include "app/demo/machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace millrace {
namespace {

TEST(Machine, CountsIdleAndIowaitAsNotBusy) {
  const auto cores =
      parse_cores("cpu  9 9 9 9 9 9 9 9\ncpu0 10 1 5 100 20 2 3 4 0 0\ncpu1 1 1 1 1 1 1 1 1 0 0\nintr 5\n");
  ASSERT_EQ(cores.size(), 2U);
  EXPECT_EQ(cores.at("0"), (CoreTimes{25, 145}));
}

TEST(Machine, ReadsMemoryInBytes) {
  EXPECT_EQ(parse_memory("MemTotal:  100 kB\nMemFree: 1 kB\nMemAvailable: 40 kB\n"), (Memory{102'400, 40'960}));
  EXPECT_EQ(parse_memory("MemTotal:  100 kB\n"), std::nullopt);
}

TEST(Machine, LeavesOutLoopRamAndIdleDisks) {
  const auto disks = parse_disks(
      "   7 0 loop0 1 0 2 0 0 0 0 0 0 0 0\n 254 0 vda 5 0 16 0 9 0 32 0 0 0 0\n 254 1 vdb 0 0 0 0 0 0 0 0 0 0 0\n");
  ASSERT_EQ(disks.size(), 1U);
  EXPECT_EQ(disks.at("vda"), (Traffic{8'192, 16'384}));
}

TEST(Machine, ReadsInterfacesWithOrWithoutASpaceAfterTheColon) {
  const auto interfaces = parse_interfaces(
      "Inter-|   Receive  |  Transmit\n face |bytes packets\n    lo: 10 1 0 0 0 0 0 0 10 1 0 0 0 0 0 0\n"
      "eth0:20 1 0 0 0 0 0 0 30 1 0 0 0 0 0 0\n");
  EXPECT_EQ(interfaces.at("lo"), (Traffic{10, 10}));
  EXPECT_EQ(interfaces.at("eth0"), (Traffic{20, 30}));
}

TEST(Machine, ReadsThisMachine) {
  Machine machine;
  const auto readings = machine.read();
  const auto has = [&readings](std::string_view metric) {
    return std::any_of(readings.begin(), readings.end(), [metric](const Reading& r) { return r.metric == metric; });
  };
  EXPECT_TRUE(has("load_1m") && has("memory_used_bytes") && has("process_resident_bytes"));
  EXPECT_FALSE(has("cpu_usage_percent")) << "a share of busy time needs two readings";
}

}  // namespace
}  // namespace millrace
