#include "log/journal_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace millrace {
namespace {

using testing::IsEmpty;

/// What tests/data/journal-v1.journal holds: written once by version 1, read for ever.
void write_sample(TestProcess& process) {
  process.fill(0, 3);
  ASSERT_TRUE(process.append(process.batch(3, 4, "agent-1", 7)).get());
  EventBatch odd;
  odd.arrival = Millis{1'800'000'000'500};
  odd.sections.push_back({PartitionId{2},
                          {process.names.id({"temp", "北京-01", {}}), process.names.id({"temp", "北京-01", {}})},
                          {Millis{-1}, Millis{1'800'000'000'499}},
                          {-0.0, 1.0 / 3}});
  ASSERT_TRUE(process.append(std::make_shared<EventBatch>(odd)).get());
  process.journal->stop();
}

const std::string sample_path = std::string(MILLRACE_SOURCE_DIR) + "/tests/data/journal-v1.journal";

TEST(JournalFormat, TheSampleOfVersionOneIsRead) {
  SystemFiles system;
  FaultFiles disk;
  ASSERT_TRUE(disk.make_directory("/data/log"));
  disk.put("/data/log/" + segment_name(Offset{0}), system.read(sample_path).value());
  TestProcess reader(disk, {}, 300);
  ASSERT_TRUE(reader.run());
  EXPECT_THAT(reader.journal->findings(), IsEmpty());

  FaultFiles other;
  TestProcess writer(other);
  ASSERT_TRUE(writer.run());
  write_sample(writer);
  EXPECT_EQ(reader.replayed(), writer.delivered());
  EXPECT_TRUE(reader.append(reader.batch(3, 4, "agent-1", 7)).get().value().duplicate);
}

TEST(JournalFormat, VersionOneIsStillWrittenByteForByte) {
  FaultFiles disk;
  TestProcess writer(disk);
  ASSERT_TRUE(writer.run());
  write_sample(writer);
  const std::string written = disk.read(writer.path(writer.segments().at(0))).value();
  SystemFiles system;
  if (std::getenv("MILLRACE_WRITE_SAMPLES") != nullptr) {
    auto file = system.append(sample_path);
    ASSERT_TRUE(file && (*file)->append(written));
  }
  EXPECT_EQ(system.read(sample_path).value(), written)
      << "the format has changed: raise its version and keep the old sample";
}

}  // namespace
}  // namespace millrace
