#include "store/file/file_tree.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace tapster {
namespace {

// Calls `each` with every component and the path up to and including it.
template <typename Each>
void for_components(std::string_view path, Each each) {
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (!each(std::string(path.substr(begin, end - begin)), path.substr(0, end))) return;
    begin = end + 1;
  }
}

}  // namespace

bool is_path_key(std::string_view key) noexcept {
  if (key.empty() || key.find('\0') != std::string_view::npos) return false;
  for (std::size_t begin = 0; begin <= key.size();) {
    const std::size_t end = std::min(key.find('/', begin), key.size());
    const std::string_view name = key.substr(begin, end - begin);
    if (name.empty() || name == "." || name == ".." || name.starts_with(kTemporaryPrefix)) return false;
    begin = end + 1;
  }
  return true;
}

KeyPath split_key(const std::string& key) {
  const std::size_t slash = key.rfind('/');
  if (slash == std::string::npos) return {"", key};
  return {key.substr(0, slash), key.substr(slash + 1)};
}

std::string FileTree::path_of(std::string_view key) const {
  return fmt::format("{}{}{}", root_, root_.ends_with('/') || key.empty() ? "" : "/", key);
}

FileDescriptor FileTree::open_root() const {
  FileDescriptor root = open_at(AT_FDCWD, root_.c_str(), O_RDONLY | O_DIRECTORY);
  if (root) return root;
  if (errno != ENOENT) throw FileError(errno, "cannot open the directory", root_);
  throw StoreError(ErrorKind::general,
                   fmt::format("the directory {} does not exist: create it first, or run "
                               "barman-cloud-check-wal-archive, which does",
                               root_),
                   {"open", "NoSuchDirectory", 0, "", root_, ""});
}

// Empty, with errno ENOENT or ENOTDIR, when there is no such directory.
FileDescriptor FileTree::step(int parent, const std::string& name, std::string_view path) const {
  FileDescriptor next = open_at(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (next || errno == ENOENT) return next;
  const int error_number = errno;
  struct stat status {};
  if (error_number == ENOTDIR && ::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISLNK(status.st_mode)) {
    throw FileError(ELOOP, "will not follow the symbolic link", path_of(path));
  }
  if (error_number != ENOTDIR) throw FileError(error_number, "cannot open the directory", path_of(path));
  errno = error_number;
  return next;
}

FileDescriptor FileTree::open_folder(const std::string& folder) const {
  FileDescriptor directory = open_root();
  for_components(folder, [&](const std::string& name, std::string_view path) {
    directory = step(directory.get(), name, path);
    return static_cast<bool>(directory);
  });
  return directory;
}

FileDescriptor FileTree::make_folder(const std::string& folder) const {
  FileDescriptor directory = open_root();
  for_components(folder, [&](const std::string& name, std::string_view path) {
    FileDescriptor next = step(directory.get(), name, path);
    if (!next && errno == ENOENT) {
      if (::mkdirat(directory.get(), name.c_str(), 0700) != 0 && errno != EEXIST) {
        throw FileError(errno, "cannot create the directory", path_of(path));
      }
      // Also when another writer was faster: it may not have come to its sync yet.
      sync_directory(directory.get(), path_of(path));
      next = step(directory.get(), name, path);
    }
    if (!next) throw FileError(errno, "cannot open the directory", path_of(path));
    directory = std::move(next);
    return true;
  });
  return directory;
}

void FileTree::prune(const std::string& folder) const noexcept {
  try {
    for (std::string path = folder; !path.empty();) {
      const KeyPath last = split_key(path);
      const FileDescriptor parent = open_folder(last.folder);
      if (!parent || ::unlinkat(parent.get(), last.name.c_str(), AT_REMOVEDIR) != 0) return;
      path = last.folder;
    }
  } catch (const std::exception&) {  // an empty directory that stays does no harm
  }
}

StoreError store_error(const FileError& failure, const char* operation, const std::string& root,
                       const std::string& key) {
  const char* code = ::strerrorname_np(failure.error_number());
  return {ErrorKind::general, failure.what(), {operation, code == nullptr ? "" : code, 0, "", root, key}};
}

bool find_file(int directory, const std::string& name, const std::string& path, struct stat& status) {
  if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return false;
    throw FileError(errno, "cannot stat", path);
  }
  if (S_ISLNK(status.st_mode)) throw FileError(ELOOP, "will not follow the symbolic link", path);
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) throw FileError(EINVAL, "not a regular file:", path);
  return S_ISREG(status.st_mode);
}

TimePoint modified(const struct stat& status) noexcept {
  const auto since = std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  return TimePoint(std::chrono::duration_cast<TimePoint::duration>(since));
}

void require_file(int directory, const std::string& name, const std::string& path) {
  struct stat status {};
  if (!find_file(directory, name, path, status) && S_ISDIR(status.st_mode)) {
    throw FileError(EISDIR, "cannot create", path);
  }
}

}  // namespace tapster
