#include "model/partitioning.hpp"

#include <gtest/gtest.h>

#include <string>

namespace millrace {
namespace {

struct Row {
  std::string key;
  std::uint32_t hash;
  std::uint16_t of_four;
  std::uint16_t of_sixteen;
};

TEST(Partitioning, AgreesWithKafkasJavaClient) {
  const Row rows[] = {
      {"", 275646681U, 1, 9},
      {"a", 2731586172U, 0, 12},
      {"host-0001", 1923175787U, 3, 11},
      {"host-0123", 1749187538U, 2, 2},
      {"sensor/7", 907558923U, 3, 11},
      {"web.eu-west-1", 94374096U, 0, 0},
      {"北京-01", 225078770U, 2, 2},
      {std::string(21, 'x'), 3656804299U, 3, 11},
      {"user@example.org", 3193124377U, 1, 9},
      {"0", 971027396U, 0, 4},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(murmur2(row.key), row.hash) << row.key;
    EXPECT_EQ(partition_of(row.key, 4), PartitionId{row.of_four}) << row.key;
    EXPECT_EQ(partition_of(row.key, 16), PartitionId{row.of_sixteen}) << row.key;
  }
}

TEST(Partitioning, PutsEverythingIntoTheOnlyPartition) {
  EXPECT_EQ(partition_of("host-0001", 1), PartitionId{0});
  EXPECT_EQ(partition_of("host-0001", 0), PartitionId{0});
}

}  // namespace
}  // namespace millrace
