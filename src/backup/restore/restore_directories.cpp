#include "backup/restore/restore_directories.h"

#include "file/file.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <system_error>

namespace tapster {
namespace {

namespace fs = std::filesystem;

Error failure(const std::error_code& code, const std::string& action, const std::string& path) {
  return system_error(code.value(), action, path);
}

// The directory itself, or the nearest one above it that exists.
fs::path existing_ancestor(const std::string& path) {
  fs::path current(path);
  std::error_code code;
  while (!fs::exists(current, code) && current.has_relative_path()) current = current.parent_path();
  return current;
}

}  // namespace

std::string resolved_path(const std::string& path) {
  if (path.empty()) throw error(ErrorKind::general, "the name of a directory to restore into is empty");
  std::error_code code;
  fs::path result = fs::weakly_canonical(fs::absolute(path), code);
  if (code) throw failure(code, "cannot resolve", path);
  if (!result.has_filename() && result.has_relative_path()) result = result.parent_path();  // without a final slash
  return result.string();
}

bool is_inside(const std::string& inner, const std::string& outer) {
  return inner.size() > outer.size() && inner.starts_with(outer) &&
         (outer.ends_with('/') || inner[outer.size()] == '/');
}

DirectoryState directory_state(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    const int reason = errno;
    // Unless it is a link to nowhere, which cannot be made a directory.
    if (reason == ENOENT && ::lstat(path.c_str(), &status) != 0) return DirectoryState::absent;
    throw system_error(reason, "cannot look at", path);
  }
  if (!S_ISDIR(status.st_mode)) throw error(ErrorKind::general, "{} is not a directory", path);
  std::error_code code;
  const fs::directory_iterator entries(path, code);
  if (code) throw failure(code, "cannot read", path);
  return entries == fs::directory_iterator() ? DirectoryState::empty : DirectoryState::occupied;
}

void check_writable(const std::string& path) {
  const std::string existing = existing_ancestor(path).string();
  if (::access(existing.c_str(), W_OK | X_OK) != 0) throw system_error(errno, "cannot write into", existing);
}

void check_space(const std::vector<SpaceDemand>& demands) {
  struct FileSystem {
    std::string directory;
    std::uint64_t wanted = 0, room = 0;
  };
  std::map<dev_t, FileSystem> file_systems;
  for (const SpaceDemand& demand : demands) {
    const std::string existing = existing_ancestor(demand.directory).string();
    struct stat status {};
    struct statvfs space {};
    if (::stat(existing.c_str(), &status) != 0 || ::statvfs(existing.c_str(), &space) != 0)
      throw system_error(errno, "cannot look at", existing);
    FileSystem& file_system = file_systems[status.st_dev];
    if (file_system.directory.empty()) file_system.directory = demand.directory;
    file_system.wanted += demand.bytes;
    file_system.room = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
  }
  for (const auto& [device, file_system] : file_systems) {
    if (file_system.wanted <= file_system.room) continue;
    throw error(ErrorKind::operation,
                "the file system of {} has {} bytes free, but the backup takes {} even as it is stored: make room, or "
                "restore elsewhere",
                file_system.directory, file_system.room, file_system.wanted);
  }
}

void make_private_directory(const std::string& path) {
  std::error_code code;
  const fs::path parent = fs::path(path).parent_path();
  fs::create_directories(parent, code);
  if (code) throw failure(code, "cannot create", parent.string());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) throw system_error(errno, "cannot create", path);
}

}  // namespace tapster
