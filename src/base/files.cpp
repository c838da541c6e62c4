#include "base/files.hpp"

#include "base/path.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace millrace {
namespace {

// Messages reach clients and logs of other systems: they name the file, never where the data folder lies.
ErrorCode code_of(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT: return ErrorCode::no_space;
    case ENOENT: return ErrorCode::not_found;
    default: return ErrorCode::io;
  }
}

std::unexpected<Error> refused(const char* action, const std::string& path, int error) {
  return fail(code_of(error),
              std::string("can't ") + action + " " + file_name(path) + ": " + std::generic_category().message(error));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

int open_retrying(const std::string& path, int flags) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, 0640);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

class SystemAppendFile final : public AppendFile {
 public:
  SystemAppendFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  Result<void> append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
      if (written < 0) {
        if (errno == EINTR) continue;
        return refused("write", path_, errno);
      }
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<void> sync() override {
    if (sync_error_ != 0) return refused("sync", path_, sync_error_);
    if (::fdatasync(fd_.get()) != 0) {
      sync_error_ = errno;
      return refused("sync", path_, sync_error_);
    }
    return {};
  }

  [[nodiscard]] std::uint64_t size() const override {
    struct stat status{};
    return ::fstat(fd_.get(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
  }

 private:
  std::string path_;
  Descriptor fd_;
  int sync_error_ = 0;
};

Result<std::string> read_from(int fd, const std::string& path, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t n = ::pread(fd, bytes.data() + got, size - got, static_cast<off_t>(offset + got));
    if (n < 0) {
      if (errno == EINTR) continue;
      return refused("read", path, errno);
    }
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  bytes.resize(got);
  return bytes;
}

Result<std::uint64_t> size_of(int fd, const std::string& path) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return refused("look at", path, errno);
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace

Result<void> SystemFiles::make_directory(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return {};
    return refused("make directory", path, ENOTDIR);
  }
  if (path.empty() || path == "/") return refused("make directory", path, ENOENT);
  const std::string trimmed = path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
  const std::string parent = parent_of(trimmed);
  if (auto made = make_directory(parent); !made) return made;
  if (::mkdir(trimmed.c_str(), 0750) != 0 && errno != EEXIST) return refused("make directory", path, errno);
  return sync_directory(parent);
}

Result<std::vector<std::string>> SystemFiles::list(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    std::error_code kind_error;
    if (it->is_regular_file(kind_error)) names.push_back(it->path().filename().string());
  }
  if (error) return refused("list", directory, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::string> SystemFiles::read(const std::string& path) {
  const Descriptor fd(open_retrying(path, O_RDONLY));
  if (!fd.valid()) return refused("open", path, errno);
  const auto bytes = size_of(fd.get(), path);
  if (!bytes) return fail(bytes.error());
  return read_from(fd.get(), path, 0, static_cast<std::size_t>(*bytes));
}

Result<std::string> SystemFiles::read(const std::string& path, std::uint64_t offset, std::size_t size) {
  const Descriptor fd(open_retrying(path, O_RDONLY));
  if (!fd.valid()) return refused("open", path, errno);
  const auto bytes = size_of(fd.get(), path);
  if (!bytes) return fail(bytes.error());
  if (offset >= *bytes) return std::string();
  return read_from(fd.get(), path, offset, static_cast<std::size_t>(std::min<std::uint64_t>(size, *bytes - offset)));
}

Result<std::uint64_t> SystemFiles::size(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return refused("look at", path, errno);
  return static_cast<std::uint64_t>(status.st_size);
}

Result<std::unique_ptr<AppendFile>> SystemFiles::append(const std::string& path) {
  Descriptor fd(open_retrying(path, O_WRONLY | O_APPEND | O_CREAT));
  if (!fd.valid()) return refused("open", path, errno);
  return std::make_unique<SystemAppendFile>(path, fd.release());
}

Result<void> SystemFiles::truncate(const std::string& path, std::uint64_t size) {
  if (::truncate(path.c_str(), static_cast<off_t>(size)) != 0) return refused("truncate", path, errno);
  return {};
}

Result<void> SystemFiles::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return refused("rename", from, errno);
  return {};
}

Result<void> SystemFiles::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return refused("remove", path, errno);
  return {};
}

Result<void> SystemFiles::sync_directory(const std::string& path) {
  const Descriptor fd(open_retrying(path, O_RDONLY | O_DIRECTORY));
  if (!fd.valid()) return refused("open", path, errno);
  if (::fsync(fd.get()) != 0) return refused("sync", path, errno);
  return {};
}

}  // namespace millrace
