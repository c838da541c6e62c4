#include "base/files.hpp"

#include "base/fault_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A folder of the machine that goes with the test.
struct OnDisk {
  OnDisk() {
    std::string name = testing::TempDir() + "millrace-files-XXXXXX";
    root = ::mkdtemp(name.data());
  }
  ~OnDisk() { std::filesystem::remove_all(root); }
  OnDisk(const OnDisk&) = delete;
  OnDisk& operator=(const OnDisk&) = delete;
  std::string root;
  SystemFiles files;
};

struct InMemory {
  InMemory() { EXPECT_TRUE(files.make_directory(root)); }
  std::string root = "/data";
  FaultFiles files;
};

void write(Files& files, const std::string& path, std::string_view bytes) {
  auto file = files.append(path);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE((*file)->append(bytes));
  ASSERT_TRUE((*file)->sync());
}

template <class Place>
class FilesContract : public testing::Test {
 public:
  Place place;
  Files& files = place.files;
  std::string at(const std::string& name) { return place.root + "/" + name; }
};
using Places = testing::Types<OnDisk, InMemory>;
TYPED_TEST_SUITE(FilesContract, Places);

TYPED_TEST(FilesContract, ReadsBackWhatWasAppended) {
  write(this->files, this->at("a"), "hello ");
  write(this->files, this->at("a"), "world");
  EXPECT_EQ(this->files.read(this->at("a")).value(), "hello world");
  EXPECT_EQ(this->files.size(this->at("a")).value(), 11U);
}

TYPED_TEST(FilesContract, ReadsAPartAndLessAtTheEnd) {
  write(this->files, this->at("a"), "0123456789");
  EXPECT_EQ(this->files.read(this->at("a"), 2, 3).value(), "234");
  EXPECT_EQ(this->files.read(this->at("a"), 8, 100).value(), "89");
  EXPECT_EQ(this->files.read(this->at("a"), 10, 1).value(), "");
  EXPECT_EQ(this->files.read(this->at("a"), 99, 1).value(), "");
}

TYPED_TEST(FilesContract, KeepsZeroBytesInContent) {
  const std::string bytes("a\0b\0", 4);
  write(this->files, this->at("a"), bytes);
  EXPECT_EQ(this->files.read(this->at("a")).value(), bytes);
}

TYPED_TEST(FilesContract, ListsFilesSortedAndNoDirectories) {
  write(this->files, this->at("b"), "");
  write(this->files, this->at("a"), "");
  ASSERT_TRUE(this->files.make_directory(this->at("sub")));
  write(this->files, this->at("sub/c"), "");
  EXPECT_THAT(this->files.list(this->place.root).value(), ElementsAre("a", "b"));
  EXPECT_THAT(this->files.list(this->at("sub")).value(), ElementsAre("c"));
}

TYPED_TEST(FilesContract, MakesDirectoriesAboveAndIsFineTwice) {
  ASSERT_TRUE(this->files.make_directory(this->at("x/y/z")));
  ASSERT_TRUE(this->files.make_directory(this->at("x/y/z/")));
  write(this->files, this->at("x/y/z/a"), "1");
  EXPECT_THAT(this->files.list(this->at("x/y/z")).value(), ElementsAre("a"));
}

TYPED_TEST(FilesContract, AppendsAtTheNewEndAfterTruncation) {
  auto file = this->files.append(this->at("a"));
  ASSERT_TRUE((*file)->append("0123456789"));
  ASSERT_TRUE(this->files.truncate(this->at("a"), 4));
  EXPECT_EQ((*file)->size(), 4U);
  ASSERT_TRUE((*file)->append("x"));
  EXPECT_EQ(this->files.read(this->at("a")).value(), "0123x");
}

TYPED_TEST(FilesContract, RenamesOverAnotherFile) {
  write(this->files, this->at("a"), "new");
  write(this->files, this->at("b"), "old");
  ASSERT_TRUE(this->files.rename(this->at("a"), this->at("b")));
  ASSERT_TRUE(this->files.sync_directory(this->place.root));
  EXPECT_THAT(this->files.list(this->place.root).value(), ElementsAre("b"));
  EXPECT_EQ(this->files.read(this->at("b")).value(), "new");
}

TYPED_TEST(FilesContract, RemovesAFile) {
  write(this->files, this->at("a"), "");
  ASSERT_TRUE(this->files.remove(this->at("a")));
  EXPECT_TRUE(this->files.list(this->place.root).value().empty());
}

TYPED_TEST(FilesContract, SaysWhichFileIsAbsentButNotWhereItLies) {
  const std::string path = this->at("gone");
  for (const Error& error : {this->files.read(path).error(), this->files.read(path, 0, 1).error(),
                             this->files.size(path).error(), this->files.truncate(path, 0).error(),
                             this->files.remove(path).error(), this->files.rename(path, this->at("b")).error(),
                             this->files.list(path).error(), this->files.append(path + "/a").error()}) {
    EXPECT_EQ(error.code, ErrorCode::not_found) << error.message;
    EXPECT_THAT(error.message, HasSubstr("No such file"));
    EXPECT_THAT(error.message, Not(HasSubstr(this->place.root)));
  }
  EXPECT_THAT(this->files.read(path).error().message, HasSubstr("gone"));
}

TEST(SystemFiles, CallsAFullDiskNoSpace) {
  SystemFiles files;
  auto file = files.append("/dev/full");
  ASSERT_TRUE(file) << file.error().message;
  const auto result = (*file)->append("x");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::no_space);
  EXPECT_EQ(result.error().message, "can't write full: No space left on device");
}

class FaultFilesTest : public testing::Test {
 public:
  FaultFilesTest() {
    EXPECT_TRUE(files.make_directory("/data"));
    write(files, "/data/a", "synced");
    EXPECT_TRUE(files.sync_directory("/data"));
  }
  FaultFiles files;
};

TEST_F(FaultFilesTest, PowerLossDropsContentThatWasNotSynced) {
  auto file = files.append("/data/a");
  ASSERT_TRUE((*file)->append(" and not"));
  files.lose_power();
  EXPECT_EQ(files.read("/data/a").value(), "synced");
}

TEST_F(FaultFilesTest, PowerLossDropsDirectoryEntriesThatWereNotSynced) {
  write(files, "/data/b", "content is synced, its name is not");
  ASSERT_TRUE(files.rename("/data/a", "/data/c"));
  files.lose_power();
  EXPECT_THAT(files.list("/data").value(), ElementsAre("a"));
}

TEST_F(FaultFilesTest, PowerLossBringsBackARemovedFileUntilTheDirectoryIsSynced) {
  ASSERT_TRUE(files.remove("/data/a"));
  files.lose_power();
  EXPECT_EQ(files.read("/data/a").value(), "synced");
  ASSERT_TRUE(files.remove("/data/a"));
  ASSERT_TRUE(files.sync_directory("/data"));
  files.lose_power();
  EXPECT_TRUE(files.list("/data").value().empty());
}

TEST_F(FaultFilesTest, PowerLossWithASeedTearsUnsyncedContentOnly) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    FaultFiles disk;
    ASSERT_TRUE(disk.make_directory("/d"));
    disk.put("/d/a", "synced");
    auto file = disk.append("/d/a");
    ASSERT_TRUE((*file)->append(std::string(2000, 'x')));
    disk.lose_power(seed);
    const std::string left = disk.read("/d/a").value();
    ASSERT_TRUE(left.starts_with("synced"));
    ASSERT_EQ(left.find_first_not_of(std::string("x\0", 2), 6), std::string::npos);
    seen.insert(left);
  }
  EXPECT_GT(seen.size(), 50U);
}

TEST_F(FaultFilesTest, PowerLossMayUndoATruncationUntilTheFileIsSynced) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    FaultFiles disk;
    ASSERT_TRUE(disk.make_directory("/d"));
    disk.put("/d/a", "synced");
    auto file = disk.append("/d/a");
    ASSERT_TRUE((*file)->append("x"));
    ASSERT_TRUE(disk.truncate("/d/a", 6));
    if (seed >= 100) ASSERT_TRUE((*file)->sync());
    disk.lose_power(seed);
    const std::string left = disk.read("/d/a").value();
    if (seed >= 100) ASSERT_EQ(left, "synced");
    seen.insert(left);
  }
  EXPECT_THAT(seen, testing::IsSupersetOf({std::string("synced"), std::string("syncedx")}));
}

TEST_F(FaultFilesTest, HandlesAreDeadAfterPowerLoss) {
  auto file = files.append("/data/a");
  files.lose_power();
  EXPECT_EQ((*file)->append("x").error().code, ErrorCode::io);
  EXPECT_EQ((*file)->sync().error().code, ErrorCode::io);
  EXPECT_EQ(files.read("/data/a").value(), "synced");
}

TEST_F(FaultFilesTest, FailsTheOperationAskedForAndNoOther) {
  auto file = files.append("/data/a");
  files.fail_operation_after(1);
  EXPECT_TRUE((*file)->append("1"));
  EXPECT_EQ((*file)->append("2").error().code, ErrorCode::io);
  EXPECT_TRUE((*file)->append("3"));
  EXPECT_EQ(files.read("/data/a").value(), "synced13");
}

TEST_F(FaultFilesTest, NothingWorksOnceThePowerIsCut) {
  auto file = files.append("/data/a");
  files.cut_power_after(1);
  EXPECT_TRUE((*file)->append("1"));
  EXPECT_FALSE((*file)->append("22"));
  EXPECT_FALSE((*file)->sync());
  EXPECT_FALSE(files.remove("/data/a"));
  files.lose_power();
  EXPECT_EQ(files.read("/data/a").value(), "synced");
  EXPECT_TRUE(files.remove("/data/a"));
}

TEST_F(FaultFilesTest, ASyncThatFailedFailsForGoodOnThatHandle) {
  auto file = files.append("/data/a");
  ASSERT_TRUE((*file)->append("x"));
  files.fail_sync_after(0);
  EXPECT_EQ((*file)->sync().error().code, ErrorCode::io);
  EXPECT_EQ((*file)->sync().error().code, ErrorCode::io);
  files.lose_power();
  EXPECT_EQ(files.read("/data/a").value(), "synced");
}

TEST_F(FaultFilesTest, AFullDiskTakesWhatFits) {
  auto file = files.append("/data/a");
  files.fill_up_at(8);
  EXPECT_EQ((*file)->append("12345").error().code, ErrorCode::no_space);
  EXPECT_EQ(files.read("/data/a").value(), "synced12");
  files.free_space();
  EXPECT_TRUE((*file)->append("3"));
}

TEST_F(FaultFilesTest, FlipsAByteOnTheDisk) {
  files.flip("/data/a", 0, 0x20);
  files.lose_power();
  EXPECT_EQ(files.read("/data/a").value(), "Synced");
}

}  // namespace
}  // namespace millrace
