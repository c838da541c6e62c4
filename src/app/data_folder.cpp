#include "app/data_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace millrace {

Result<DataFolder> DataFolder::open(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return fail(ErrorCode::io,
                fmt::format("can't make the data folder '{}': {}; choose another with --data", path, error.message()));
  }
  ::chmod(path.c_str(), 0700);
  const std::string name = path + "/LOCK";
  const int lock = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) {
    return fail(ErrorCode::io, fmt::format("the data folder '{}' is not writable: {}; choose another with --data", path,
                                           std::strerror(errno)));
  }
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> pid{};
    const auto size = ::pread(lock, pid.data(), pid.size() - 1, 0);
    ::close(lock);
    return fail(ErrorCode::conflict,
                fmt::format("the data folder '{}' is in use by process {}", path,
                            size > 0 ? std::string_view(pid.data(), static_cast<std::size_t>(size)) : "unknown"));
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    const int reason = errno;
    ::close(lock);
    return fail(reason == ENOSPC ? ErrorCode::no_space : ErrorCode::io,
                fmt::format("can't write to the data folder '{}': {}", path, std::strerror(reason)));
  }
  return DataFolder(path, lock);
}

DataFolder::DataFolder(DataFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataFolder& DataFolder::operator=(DataFolder&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  return *this;
}

DataFolder::~DataFolder() {
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace millrace
