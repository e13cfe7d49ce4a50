#include "backup/restore/target_tree.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace tapster {
namespace {

constexpr std::size_t kMostOpen = 64;
constexpr std::size_t kLongestPath = 4096;  // PATH_MAX, which also bounds how deep directories are nested

}  // namespace

std::string safe_member_path(std::string_view name) {
  const auto refuse = [&](const char* reason) {
    return error(ErrorKind::general, "the archive holds a file named '{}', {}: refused", name, reason);
  };
  if (name.size() > kLongestPath)
    throw error(ErrorKind::general, "the archive holds a name of {} bytes: refused", name.size());
  if (name.find('\0') != std::string_view::npos) throw refuse("with a zero byte");
  if (name.starts_with('/')) throw refuse("which is outside of the directory");
  std::string path;
  path.reserve(name.size());
  while (!name.empty()) {
    const std::size_t slash = name.find('/');
    const std::string_view part = name.substr(0, slash);
    if (part == "..") throw refuse("which is outside of the directory");
    if (!part.empty() && part != ".") {
      if (!path.empty()) path += '/';
      path += part;
    }
    name.remove_prefix(slash == std::string_view::npos ? name.size() : slash + 1);
  }
  return path;
}

std::pair<std::string_view, std::string_view> split_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

TargetTree::TargetTree(FileDescriptor root, std::string path) : root_(std::move(root)), path_(std::move(path)) {}

std::string TargetTree::path_of(std::string_view relative) const {
  return relative.empty() ? path_ : fmt::format("{}/{}", path_, relative);
}

int TargetTree::make_directory(std::string_view relative) { return open(relative, true); }
int TargetTree::open_directory(std::string_view relative) { return open(relative, false); }

int TargetTree::find_open(std::string_view relative) {
  const auto found = index_.find(relative);
  if (found == index_.end()) return -1;
  open_.splice(open_.begin(), open_, found->second);
  return found->second->directory.get();
}

int TargetTree::open(std::string_view relative, bool make) {
  if (relative.empty()) return root_.get();
  if (const int known = find_open(relative); known >= 0) return known;
  const auto [parent_path, leaf] = split_path(relative);
  const int parent = open(parent_path, make);
  const std::string name(leaf);
  if (make && ::mkdirat(parent, name.c_str(), 0700) != 0 && errno != EEXIST)
    throw FileError(errno, "cannot create", path_of(relative));
  FileDescriptor directory = open_at(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!directory) {
    // ENOTDIR is also what a symbolic link gives with O_DIRECTORY.
    if (errno == ENOTDIR || errno == ELOOP) {
      throw error(ErrorKind::general, "{} is no directory, or a symbolic link: nothing is written through it",
                  path_of(relative));
    }
    throw FileError(errno, "cannot open", path_of(relative));
  }
  if (open_.size() == kMostOpen) {
    index_.erase(open_.back().path);
    open_.pop_back();
  }
  open_.push_front({std::string(relative), std::move(directory)});
  index_.emplace(open_.front().path, open_.begin());
  return open_.front().directory.get();
}

}  // namespace tapster
