#include "wal/spool.h"

#include "io/directory_stream.h"

#include <tapster/clock.h>
#include <tapster/error.h>
#include <tapster/log.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace tapster {
namespace {

constexpr std::size_t kCopySize = std::size_t{256} << 10U;
// PostgreSQL asks for the next segment within seconds. What is older was left by a recovery
// that ended, perhaps of another cluster that archived to the same place.
constexpr std::chrono::hours kMaxAge{1};

std::string text_of(int error_number) { return std::generic_category().message(error_number); }

// 64 bits of FNV-1a: it tells places apart; what is secret about a folder is its mode.
std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

std::string folder_name(const std::string& archive, const std::string& destination) {
  namespace fs = std::filesystem;
  fs::path directory = fs::path(destination).parent_path();
  if (directory.empty()) directory = ".";
  std::error_code failure;
  fs::path absolute = fs::canonical(directory, failure);
  if (failure) absolute = fs::absolute(directory, failure);
  return fmt::format("{:016x}", fnv1a(fmt::format("{}\n{}\n{}", archive, absolute.string(), geteuid())));
}

// A segment that may be handed out.
bool usable(const struct stat& info) {
  const auto written = std::chrono::system_clock::from_time_t(info.st_mtim.tv_sec);
  return S_ISREG(info.st_mode) && info.st_size > 0 && SystemClock().now() - written < kMaxAge;
}

}  // namespace

std::optional<Spool> Spool::open(const std::string& spool_dir, const std::string& archive,
                                 const std::string& destination) {
  const std::string path = spool_dir + "/" + folder_name(archive, destination);
  const auto unusable = [&path](const std::string& reason) {
    log::info("not prefetching WAL: cannot use spool folder {}: {}", path, reason);
    return std::nullopt;
  };
  // What stands in the way of making them shows when the folder is opened.
  ::mkdir(spool_dir.c_str(), 0700);
  ::mkdir(path.c_str(), 0700);
  FileDescriptor folder = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!folder) return unusable(text_of(errno));
  struct stat info {};
  if (::fstat(folder.get(), &info) != 0) return unusable(text_of(errno));
  if (info.st_uid != geteuid() || (info.st_mode & 077U) != 0) return unusable("it is not private to this user");
  if (::faccessat(folder.get(), ".", W_OK | X_OK, AT_EACCESS) != 0) return unusable(text_of(errno));
  return Spool(std::move(folder), path);
}

bool Spool::has(const WalName& name) const {
  struct stat info {};
  return ::fstatat(folder_.get(), name.text().c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && usable(info);
}

bool Spool::take(const WalName& name, const std::string& destination) const {
  if (!has(name)) return false;
  if (::renameat(folder_.get(), name.text().c_str(), AT_FDCWD, destination.c_str()) == 0) return true;
  const int reason = errno;  // ENOENT: another process took it, or there is no such destination
  if (reason == EXDEV) return copy_out(name.text(), destination);
  if (reason != ENOENT) log::info("cannot move {}/{} to {}: {}", path_, name.text(), destination, text_of(reason));
  return false;
}

bool Spool::copy_out(const std::string& name, const std::string& destination) const {
  const std::string path = path_ + "/" + name;
  const FileDescriptor source = open_at(folder_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW);
  if (!source) return false;
  try {
    AtomicFile target(destination);
    std::vector<std::byte> buffer(kCopySize);
    std::uint64_t offset = 0;
    while (const std::size_t count = read_at(source.get(), offset, buffer, path)) {
      target.write(Bytes(buffer).first(count));
      offset += count;
    }
    target.commit_replace();
  } catch (const FileError& failure) {
    log::info("cannot copy {} to {}: {}", path, destination, failure.what());
    return false;
  }
  ::unlinkat(folder_.get(), name.c_str(), 0);
  return true;
}

AtomicFile Spool::create(const WalName& name) const {
  return AtomicFile(folder_.get(), name.text(), path_ + "/" + name.text(), {});
}

void Spool::remove_before(const WalName& name) const {
  FileDescriptor listed = open_at(folder_.get(), ".", O_RDONLY | O_DIRECTORY);
  if (!listed) return;
  const DirectoryStream directory(::fdopendir(listed.get()));
  if (!directory) return;
  listed.release();  // the DIR owns it now
  // readdir is thread-safe for a DIR that no other thread has.
  while (const dirent* entry = ::readdir(directory.get())) {  // NOLINT(concurrency-mt-unsafe)
    const auto found = WalName::parse(entry->d_name);
    if (found && found->kind() == WalName::Kind::segment && found->timeline() == name.timeline() &&
        found->text() < name.text()) {
      ::unlinkat(folder_.get(), entry->d_name, 0);
    }
  }
}

}  // namespace tapster
