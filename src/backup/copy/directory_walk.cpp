#include "backup/copy/directory_walk.h"

#include "backup/copy/relation_name.h"
#include "file/directory_stream.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

namespace tapster {
namespace {

// The entries of one directory but "." and "..". Throws FileError.
class Listing {
 public:
  Listing(FileDescriptor directory, std::string path) : path_(std::move(path)), stream_(::fdopendir(directory.get())) {
    if (!stream_) throw FileError(errno, "cannot read the directory", path_);
    (void)directory.release();
  }
  int directory() const noexcept { return ::dirfd(stream_.get()); }
  void rewind() noexcept { ::rewinddir(stream_.get()); }

  const dirent* next() {
    for (;;) {
      errno = 0;
      const dirent* const entry = ::readdir(stream_.get());  // NOLINT(concurrency-mt-unsafe): a stream of its own
      // A directory that was removed meanwhile has no more entries.
      if (entry == nullptr && errno != 0 && errno != ENOENT) throw FileError(errno, "cannot read the directory", path_);
      if (entry == nullptr) return nullptr;
      if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0) return entry;
    }
  }

 private:
  std::string path_;
  DirectoryStream stream_;
};

// Relations that have an init fork: PostgreSQL empties them when it recovers.
class UnloggedRelations {
 public:
  explicit UnloggedRelations(Listing& listing) {
    while (const dirent* const entry = listing.next()) {
      const auto name = parse_relation_name(entry->d_name);
      if (name && name->fork == RelationName::Fork::init) numbers_.push_back(name->number);
    }
    listing.rewind();
    std::sort(numbers_.begin(), numbers_.end());
  }
  UnloggedRelations() = default;

  bool own_data(std::string_view file) const {
    if (numbers_.empty()) return false;
    const auto name = parse_relation_name(file);
    return name && name->fork != RelationName::Fork::init &&
           std::binary_search(numbers_.begin(), numbers_.end(), name->number);
  }

 private:
  std::vector<std::uint32_t> numbers_;
};

unsigned char type_of(const dirent& entry, int directory, const std::string& folder) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type;
  struct stat status {};
  if (::fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
    return static_cast<unsigned char>(IFTODT(status.st_mode));
  if (errno != ENOENT) throw FileError(errno, "cannot stat", join_path(folder, entry.d_name));
  return DT_UNKNOWN;
}

bool is_numbered(std::string_view path) { return all_digits(path.substr(path.rfind('/') + 1)); }

}  // namespace

std::string join_path(std::string_view folder, std::string_view name) {
  std::string path;
  path.reserve(folder.size() + name.size() + 1);
  path += folder;
  if (!folder.empty() && folder.back() != '/') path += '/';
  path += name;
  return path;
}

DirectoryWalk::DirectoryWalk(const TreeSource& source, WalkVisitor& visitor)
    : source_(source), visitor_(visitor), exclusions_(source) {}

void DirectoryWalk::run() {
  root_ = open_directory(source_.root);
  visit("");
  while (!levels_.empty()) {
    Level& level = levels_.back();
    if (level.next == level.names.size()) {
      levels_.pop_back();
      continue;
    }
    const std::string name = level.names.c_str() + level.next;
    level.next += name.size() + 1;
    visit(join_path(level.path, name));
  }
}

void DirectoryWalk::visit(const std::string& path) {
  FileDescriptor directory = open_below(path);
  if (!directory) return visitor_.vanished();
  struct stat status {};
  if (::fstat(directory.get(), &status) != 0) throw FileError(errno, "cannot stat", join_path(source_.root, path));
  if (!path.empty() || !source_.is_tablespace) visitor_.directory(path, status);
  if (exclusions_.directory(path) == DirectoryTreatment::copy) scan(std::move(directory), path);
}

void DirectoryWalk::scan(FileDescriptor directory, const std::string& path) {
  const std::string folder = join_path(source_.root, path);
  Listing listing(std::move(directory), folder);
  const UnloggedRelations unlogged = is_numbered(path) ? UnloggedRelations(listing) : UnloggedRelations();
  Level level{path, {}, 0};
  while (const dirent* const entry = listing.next()) {
    const std::string_view name = entry->d_name;
    const unsigned char type = type_of(*entry, listing.directory(), folder);
    if (type == DT_UNKNOWN) {
      visitor_.vanished();
    } else if (type == DT_DIR) {
      if (exclusions_.directory(join_path(path, name)) == DirectoryTreatment::leave_out) continue;
      level.names.append(name.data(), name.size() + 1);
    } else if (!exclusions_.leaves_out_file(path, name) && !unlogged.own_data(name)) {
      visitor_.entry({listing.directory(), entry->d_name, path, type});
    }
  }
  if (!level.names.empty()) levels_.push_back(std::move(level));
}

// Empty when it is no directory any more.
FileDescriptor DirectoryWalk::open_below(const std::string& path) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
  FileDescriptor directory = open_at(root_.get(), ".", kFlags);
  for (std::size_t at = 0; directory && at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    directory = open_at(directory.get(), path.substr(at, end - at).c_str(), kFlags);
    at = end + 1;
  }
  if (!directory && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
    throw FileError(errno, "cannot open the directory", join_path(source_.root, path));
  return directory;
}

}  // namespace tapster
