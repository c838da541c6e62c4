#include "base/fault_files.hpp"

#include "base/path.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <utility>

namespace millrace {
namespace {

constexpr std::size_t sector = 512;
constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

struct Node {
  std::string synced;
  std::string current;
  std::string before_cut;  ///< Content before an unsynced truncation: the disk may hold that instead.
};
using NodePtr = std::shared_ptr<Node>;
using Entries = std::map<std::string, NodePtr>;

/// A change of a directory: `from` leaves it, `to` enters it; either may be empty.
struct Change {
  std::string directory;
  std::string from;
  std::string to;
  NodePtr node;

  void apply(Entries& entries) const {
    if (!from.empty()) entries.erase(from);
    if (!to.empty()) entries[to] = node;
  }
};

std::string trimmed(const std::string& path) {
  const auto end = path.find_last_not_of('/');
  return end == std::string::npos ? "/" : path.substr(0, end + 1);
}

std::unexpected<Error> absent(const std::string& path) {
  return fail(ErrorCode::not_found, "can't open " + file_name(path) + ": No such file or directory");
}
std::unexpected<Error> broken(const std::string& path) {
  return fail(ErrorCode::io, "can't write " + file_name(path) + ": Input/output error");
}

/// What a disk holds of a file whose last change was not synced.
std::string torn(const Node& node, std::mt19937_64& random) {
  if (!node.before_cut.empty() && random() % 2 == 0) return torn({node.synced, node.before_cut, {}}, random);
  if (!node.current.starts_with(node.synced)) return random() % 2 == 0 ? node.synced : node.current;
  const std::size_t extra = node.current.size() - node.synced.size();
  if (extra == 0) return node.synced;
  const std::size_t kept = random() % (extra + 1);
  std::string bytes = node.current.substr(0, node.synced.size() + kept);
  if (random() % 2 == 0) return bytes;
  // The length reached the disk before some of the sectors did.
  for (std::size_t at = node.synced.size(); at < bytes.size();) {
    const std::size_t end = std::min(bytes.size(), (at / sector + 1) * sector);
    if (random() % 3 == 0)
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.begin() + static_cast<std::ptrdiff_t>(end),
                '\0');
    at = end;
  }
  return bytes;
}

}  // namespace

struct FaultFiles::Disk {
  mutable std::mutex mutex;
  std::set<std::string> directories{"/", "."};
  Entries durable;
  Entries entries;
  std::vector<Change> changes;  ///< Unsynced, in order.
  std::uint64_t operations = 0;
  std::uint64_t syncs = 0;
  std::uint64_t fail_at = never;
  std::uint64_t cut_at = never;
  std::uint64_t fail_sync_at = never;
  std::uint64_t capacity = never;
  std::uint64_t power_cycles = 0;
  std::function<void()> before_sync;

  enum class Verdict { go, fail, last };  ///< last: takes place, then the power is gone.
  Verdict count_operation() {
    const std::uint64_t n = operations++;
    if (n == fail_at) return Verdict::fail;
    if (n > cut_at) return Verdict::fail;
    return n == cut_at ? Verdict::last : Verdict::go;
  }

  [[nodiscard]] NodePtr find(const std::string& path) const {
    const auto it = entries.find(path);
    return it == entries.end() ? nullptr : it->second;
  }

  [[nodiscard]] std::uint64_t used() const {
    std::uint64_t sum = 0;
    for (const auto& [path, node] : entries) sum += node->current.size();
    return sum;
  }

  Result<void> change(const std::string& named, Change wanted) {
    const Verdict verdict = count_operation();
    if (verdict == Verdict::fail) return broken(named);
    wanted.apply(entries);
    changes.push_back(std::move(wanted));
    if (verdict == Verdict::last) return broken(named);
    return {};
  }

  void lose_power(std::optional<std::uint64_t> seed) {
    std::mt19937_64 random(seed.value_or(0));
    if (seed) {
      std::map<std::string, std::size_t> left;
      for (const Change& change : changes) ++left[change.directory];
      for (auto& [directory, count] : left) count = random() % (count + 1);
      for (const Change& change : changes) {
        if (left[change.directory] == 0) continue;
        --left[change.directory];
        change.apply(durable);
      }
    }
    entries = durable;
    changes.clear();
    std::set<Node*> done;
    for (auto& [path, node] : entries) {
      if (!done.insert(node.get()).second) continue;
      if (seed) node->synced = torn(*node, random);
      node->current = node->synced;
      node->before_cut.clear();
    }
    fail_at = cut_at = fail_sync_at = capacity = never;
    before_sync = nullptr;
    ++power_cycles;
  }
};

class FaultFiles::Handle final : public AppendFile {
 public:
  Handle(std::shared_ptr<Disk> disk, std::string path, NodePtr node)
      : disk_(std::move(disk)), path_(std::move(path)), node_(std::move(node)), power_cycle_(disk_->power_cycles) {}

  Result<void> append(std::string_view bytes) override {
    const std::scoped_lock lock(disk_->mutex);
    if (power_cycle_ != disk_->power_cycles) return broken(path_);
    const Disk::Verdict verdict = disk_->count_operation();
    if (verdict == Disk::Verdict::fail) return broken(path_);
    if (verdict == Disk::Verdict::last) {
      node_->current.append(bytes.substr(0, bytes.size() / 2));
      return broken(path_);
    }
    const std::uint64_t used = disk_->used();
    const std::uint64_t room = disk_->capacity > used ? disk_->capacity - used : 0;
    if (bytes.size() > room) {
      node_->current.append(bytes.substr(0, static_cast<std::size_t>(room)));
      return fail(ErrorCode::no_space, "can't write " + file_name(path_) + ": No space left on device");
    }
    node_->current.append(bytes);
    return {};
  }

  Result<void> sync() override {
    std::function<void()> hook;
    {
      const std::scoped_lock lock(disk_->mutex);
      hook = disk_->before_sync;
    }
    if (hook) hook();
    const std::scoped_lock lock(disk_->mutex);
    if (power_cycle_ != disk_->power_cycles) failed_ = true;
    const std::uint64_t n = disk_->syncs++;
    if (n == disk_->fail_sync_at) failed_ = true;
    const Disk::Verdict verdict = disk_->count_operation();
    // The power may go while the disk writes: nothing is promised then.
    if (failed_ || verdict != Disk::Verdict::go) {
      failed_ = true;
      return fail(ErrorCode::io, "can't sync " + file_name(path_) + ": Input/output error");
    }
    node_->synced = node_->current;
    node_->before_cut.clear();
    return {};
  }

  [[nodiscard]] std::uint64_t size() const override {
    const std::scoped_lock lock(disk_->mutex);
    return node_->current.size();
  }

 private:
  std::shared_ptr<Disk> disk_;
  std::string path_;
  NodePtr node_;
  std::uint64_t power_cycle_;
  bool failed_ = false;
};

FaultFiles::FaultFiles() : disk_(std::make_shared<Disk>()) {}
FaultFiles::~FaultFiles() = default;

Result<void> FaultFiles::make_directory(const std::string& path) {
  const std::scoped_lock lock(disk_->mutex);
  for (std::string at = trimmed(path); disk_->directories.insert(at).second; at = parent_of(at)) {
    if (disk_->entries.contains(at)) {
      disk_->directories.erase(at);
      return fail(ErrorCode::io, "can't make directory " + file_name(at) + ": Not a directory");
    }
  }
  return {};
}

Result<std::vector<std::string>> FaultFiles::list(const std::string& directory) {
  const std::scoped_lock lock(disk_->mutex);
  const std::string folder = trimmed(directory);
  if (!disk_->directories.contains(folder)) {
    return fail(ErrorCode::not_found, "can't list " + file_name(folder) + ": No such file or directory");
  }
  std::vector<std::string> names;
  for (const auto& [path, node] : disk_->entries) {
    if (parent_of(path) == folder) names.push_back(file_name(path));
  }
  return names;
}

Result<std::string> FaultFiles::read(const std::string& path) {
  const std::scoped_lock lock(disk_->mutex);
  const NodePtr node = disk_->find(path);
  if (!node) return absent(path);
  return node->current;
}

Result<std::string> FaultFiles::read(const std::string& path, std::uint64_t offset, std::size_t size) {
  const std::scoped_lock lock(disk_->mutex);
  const NodePtr node = disk_->find(path);
  if (!node) return absent(path);
  if (offset >= node->current.size()) return std::string();
  return node->current.substr(static_cast<std::size_t>(offset), size);
}

Result<std::uint64_t> FaultFiles::size(const std::string& path) {
  const std::scoped_lock lock(disk_->mutex);
  const NodePtr node = disk_->find(path);
  if (!node) return absent(path);
  return node->current.size();
}

Result<std::unique_ptr<AppendFile>> FaultFiles::append(const std::string& path) {
  const std::scoped_lock lock(disk_->mutex);
  NodePtr node = disk_->find(path);
  if (!node) {
    if (!disk_->directories.contains(parent_of(path))) return absent(path);
    node = std::make_shared<Node>();
    if (auto made = disk_->change(path, Change{parent_of(path), "", path, node}); !made) return fail(made.error());
  }
  return std::make_unique<Handle>(disk_, path, std::move(node));
}

Result<void> FaultFiles::truncate(const std::string& path, std::uint64_t size) {
  const std::scoped_lock lock(disk_->mutex);
  const NodePtr node = disk_->find(path);
  if (!node) return absent(path);
  const Disk::Verdict verdict = disk_->count_operation();
  if (verdict == Disk::Verdict::fail) return broken(path);
  if (node->current.size() > node->before_cut.size()) node->before_cut = node->current;
  node->current.resize(static_cast<std::size_t>(size));
  if (verdict == Disk::Verdict::last) return broken(path);
  return {};
}

Result<void> FaultFiles::rename(const std::string& from, const std::string& to) {
  const std::scoped_lock lock(disk_->mutex);
  NodePtr node = disk_->find(from);
  if (!node) return absent(from);
  return disk_->change(from, Change{parent_of(to), from, to, std::move(node)});
}

Result<void> FaultFiles::remove(const std::string& path) {
  const std::scoped_lock lock(disk_->mutex);
  if (!disk_->find(path)) return absent(path);
  return disk_->change(path, Change{parent_of(path), path, "", nullptr});
}

Result<void> FaultFiles::sync_directory(const std::string& path) {
  const std::scoped_lock lock(disk_->mutex);
  const std::string folder = trimmed(path);
  if (!disk_->directories.contains(folder)) return absent(folder);
  if (disk_->count_operation() != Disk::Verdict::go) return broken(folder);
  std::erase_if(disk_->changes, [&](const Change& change) {
    if (change.directory != folder) return false;
    change.apply(disk_->durable);
    return true;
  });
  return {};
}

std::uint64_t FaultFiles::operations() const {
  const std::scoped_lock lock(disk_->mutex);
  return disk_->operations;
}

std::uint64_t FaultFiles::syncs() const {
  const std::scoped_lock lock(disk_->mutex);
  return disk_->syncs;
}

void FaultFiles::fail_operation_after(std::uint64_t more) {
  const std::scoped_lock lock(disk_->mutex);
  disk_->fail_at = disk_->operations + more;
}

void FaultFiles::cut_power_after(std::uint64_t more) {
  const std::scoped_lock lock(disk_->mutex);
  disk_->cut_at = disk_->operations + more;
}

void FaultFiles::fail_sync_after(std::uint64_t more) {
  const std::scoped_lock lock(disk_->mutex);
  disk_->fail_sync_at = disk_->syncs + more;
}

void FaultFiles::fill_up_at(std::uint64_t bytes) {
  const std::scoped_lock lock(disk_->mutex);
  disk_->capacity = bytes;
}

void FaultFiles::free_space() { fill_up_at(never); }

void FaultFiles::before_sync(std::function<void()> hook) {
  const std::scoped_lock lock(disk_->mutex);
  disk_->before_sync = std::move(hook);
}

void FaultFiles::lose_power() {
  const std::scoped_lock lock(disk_->mutex);
  disk_->lose_power(std::nullopt);
}

void FaultFiles::lose_power(std::uint64_t seed) {
  const std::scoped_lock lock(disk_->mutex);
  disk_->lose_power(seed);
}

void FaultFiles::flip(const std::string& path, std::uint64_t at, std::uint8_t mask) {
  const std::scoped_lock lock(disk_->mutex);
  const NodePtr node = disk_->find(path);
  if (!node) return;
  const auto invert = [&](std::string& bytes) {
    if (at < bytes.size())
      bytes[static_cast<std::size_t>(at)] = static_cast<char>(bytes[static_cast<std::size_t>(at)] ^ mask);
  };
  invert(node->synced);
  invert(node->current);
}

void FaultFiles::put(const std::string& path, std::string bytes) {
  const std::scoped_lock lock(disk_->mutex);
  const NodePtr node = std::make_shared<Node>(Node{bytes, std::move(bytes), {}});
  disk_->durable[path] = node;
  disk_->entries[path] = node;
}

}  // namespace millrace
