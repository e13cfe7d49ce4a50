#include "wal/private_folder.h"

#include "file/directory_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace tapster {
namespace {

// FNV-1a of 64 bits. It only tells places apart: the folder's mode protects its content.
std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

std::string folder_name(const std::string& archive, const std::string& path) {
  namespace fs = std::filesystem;
  fs::path directory = fs::path(path).parent_path();
  if (directory.empty()) directory = ".";
  std::error_code failure;
  fs::path absolute = fs::canonical(directory, failure);
  if (failure) absolute = fs::absolute(directory, failure);
  return fmt::format("{:016x}", fnv1a(fmt::format("{}\n{}\n{}", archive, absolute.string(), geteuid())));
}

void make_root(const std::string& root) {
  if (::mkdir(root.c_str(), 0700) != 0) return;
  const std::size_t slash = root.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : root.substr(0, slash + 1);
  struct stat info {};
  constexpr mode_t kShared = S_ISVTX | S_IWOTH;
  if (::stat(parent.c_str(), &info) == 0 && (info.st_mode & kShared) == kShared) ::chmod(root.c_str(), 01777);
}

FileDescriptor open_folder(const std::string& path) {
  return open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

// Why the folder cannot be used; empty when it can.
std::string objection(const FileDescriptor& folder) {
  const auto by_errno = [] { return std::generic_category().message(errno); };
  struct stat info {};
  if (!folder || ::fstat(folder.get(), &info) != 0) return by_errno();
  if (info.st_uid != geteuid() || (info.st_mode & 077U) != 0) return "it is not private to this user";
  if (::faccessat(folder.get(), ".", W_OK | X_OK, AT_EACCESS) != 0) return by_errno();
  return {};
}

}  // namespace

std::optional<PrivateFolder> PrivateFolder::open(const std::string& root, const std::string& archive,
                                                 const std::string& path, const char* without, log::Level level) {
  const std::string folder_path = root + "/" + folder_name(archive, path);
  FileDescriptor folder = open_folder(folder_path);
  if (!folder && errno == ENOENT) {
    make_root(root);
    ::mkdir(folder_path.c_str(), 0700);
    folder = open_folder(folder_path);  // fails for the same reason as the calls before
  }
  const std::string reason = objection(folder);
  if (reason.empty()) return PrivateFolder(std::move(folder), folder_path);
  if (log::enabled(level)) log::write(level, fmt::format("{} {}: {}", without, folder_path, reason));
  return std::nullopt;
}

std::optional<PrivateFolder> PrivateFolder::at(const std::string& path) {
  FileDescriptor folder = open_folder(path);
  if (!objection(folder).empty()) return std::nullopt;
  return PrivateFolder(std::move(folder), path);
}

void PrivateFolder::for_each(const std::function<void(const char* name)>& each) const {
  FileDescriptor listed = open_at(folder_.get(), ".", O_RDONLY | O_DIRECTORY);
  if (!listed) return;
  const DirectoryStream directory(::fdopendir(listed.get()));
  if (!directory) return;
  listed.release();  // the DIR owns it now
  // readdir is thread-safe for a DIR that no other thread has.
  while (const dirent* entry = ::readdir(directory.get())) each(entry->d_name);  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace tapster
