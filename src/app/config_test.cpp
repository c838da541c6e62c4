#include "app/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace millrace {
namespace {

using testing::HasSubstr;

ConfigReading read(std::string_view toml) { return read_config(toml, "millrace.toml", {}, {}); }

TEST(Config, HasUsableDefaults) {
  const ConfigReading reading = read("");
  EXPECT_TRUE(reading.mistakes.empty());
  EXPECT_EQ(reading.config.server.listen, "127.0.0.1:8080");
  EXPECT_EQ(reading.config.log.partitions, 4);
  EXPECT_EQ(reading.config.lateness(), Duration{(7LL * 24 - 1) * 3'600'000});
}

TEST(Config, PutsFlagsAboveTheEnvironmentAndThatAboveTheFile) {
  const std::string_view toml = "[log]\npartitions = 2\n[stream]\nidle_after = \"7s\"\n[limits]\npoints = 5\n";
  const ConfigReading reading = read_config(
      toml, "f", {{"MILLRACE_LOG_PARTITIONS", "8"}, {"MILLRACE_LIMITS_POINTS", "6"}}, {{"log.partitions", "16"}});
  EXPECT_TRUE(reading.mistakes.empty());
  EXPECT_EQ(reading.config.log.partitions, 16);
  EXPECT_EQ(reading.config.limits.points, 6);
  EXPECT_EQ(reading.config.stream.idle_after, Duration{7'000});
}

TEST(Config, NamesEveryMistakeAtOnceWithItsLine) {
  const ConfigReading reading = read(
      "[server]\nlisten = \"nowhere\"\n[log]\npartitons = 4\npartitions = 0\n[stream]\nbucket = \"5s\"\nidle_after = "
      "5\n");
  ASSERT_EQ(reading.mistakes.size(), 5U);
  EXPECT_EQ(reading.mistakes[0].where, "millrace.toml:2");
  EXPECT_THAT(reading.mistakes[0].message, HasSubstr("HOST:PORT"));
  EXPECT_EQ(reading.mistakes[1].where, "millrace.toml:4");
  EXPECT_THAT(reading.mistakes[1].message, HasSubstr("nearest known one is 'log.partitions'"));
  EXPECT_EQ(reading.mistakes[2].where, "millrace.toml:5");
  EXPECT_THAT(reading.mistakes[2].message, HasSubstr("from 1 to 256"));
  EXPECT_THAT(reading.mistakes[3].message, HasSubstr("10s is the only value"));
  EXPECT_THAT(reading.mistakes[4].message, HasSubstr("wrong type: write a duration"));
}

TEST(Config, NamesTheLineOfBrokenToml) {
  const ConfigReading reading = read("[log]\npartitions = = 3\n");
  ASSERT_EQ(reading.mistakes.size(), 1U);
  EXPECT_EQ(reading.mistakes[0].where, "millrace.toml:2");
}

TEST(Config, RefusesLatenessThatRawRetentionCannotServe) {
  EXPECT_EQ(read("[stream]\nallowed_lateness = \"8d\"\n").mistakes.size(), 1U);
}

TEST(Config, ReadsDurationsAndSizes) {
  EXPECT_EQ(*parse_duration("250ms"), Duration{250});
  EXPECT_EQ(*parse_duration("1.5h"), Duration{5'400'000});
  EXPECT_FALSE(parse_duration("-1s"));
  EXPECT_FALSE(parse_duration("10"));
  EXPECT_EQ(*parse_size("32MB"), 32'000'000U);
  EXPECT_EQ(*parse_size("16KiB"), 16'384U);
  EXPECT_FALSE(parse_size("many"));
}

TEST(Config, SplitsAddresses) {
  EXPECT_EQ(*parse_host_port("127.0.0.1:0"), (HostPort{"127.0.0.1", 0}));
  EXPECT_EQ(*parse_host_port("[::1]:80"), (HostPort{"::1", 80}));
  EXPECT_FALSE(parse_host_port("::1:80"));
  EXPECT_FALSE(parse_host_port("host:70000"));
}

TEST(Config, IsDocumentedByTheTableThatReadsIt) {
  std::ifstream file(MILLRACE_SOURCE_DIR "/docs/configuration.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(page, config_documentation())
      << "write it anew: millrace check-config --documentation > docs/configuration.md";
}

}  // namespace
}  // namespace millrace
