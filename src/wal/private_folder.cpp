#include "wal/private_folder.h"

#include "io/directory_stream.h"

#include <tapster/log.h>

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

// 64 bits of FNV-1a: it tells places apart; what is secret about a folder is its mode.
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

}  // namespace

std::optional<PrivateFolder> PrivateFolder::open(const std::string& root, const std::string& archive,
                                                 const std::string& path, const char* without) {
  const std::string folder_path = root + "/" + folder_name(archive, path);
  const auto unusable = [&](const std::string& reason) {
    log::info("{} {}: {}", without, folder_path, reason);
    return std::nullopt;
  };
  const auto unusable_by = [&](int number) { return unusable(std::generic_category().message(number)); };
  // What stands in the way of making them shows when the folder is opened.
  ::mkdir(root.c_str(), 0700);
  ::mkdir(folder_path.c_str(), 0700);
  FileDescriptor folder = open_at(AT_FDCWD, folder_path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!folder) return unusable_by(errno);
  struct stat info {};
  if (::fstat(folder.get(), &info) != 0) return unusable_by(errno);
  if (info.st_uid != geteuid() || (info.st_mode & 077U) != 0) return unusable("it is not private to this user");
  if (::faccessat(folder.get(), ".", W_OK | X_OK, AT_EACCESS) != 0) return unusable_by(errno);
  return PrivateFolder(std::move(folder), folder_path);
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
