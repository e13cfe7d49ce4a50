#include "wal/prefetch/spool.h"

#include <tapster/clock.h>
#include <tapster/error.h>
#include <tapster/log.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <vector>

namespace tapster {
namespace {

constexpr std::size_t kCopySize = std::size_t{256} << 10U;
// PostgreSQL asks for the next segment within seconds. An older segment was left by a recovery that ended, perhaps of
// another cluster that archived to the same place.
constexpr std::chrono::hours kMaxAge{1};

std::string text_of(int error_number) { return std::generic_category().message(error_number); }

// Whether the segment may be served.
bool usable(const struct stat& info) {
  const auto written = std::chrono::system_clock::from_time_t(info.st_mtim.tv_sec);
  return S_ISREG(info.st_mode) && info.st_size > 0 && SystemClock().now() - written < kMaxAge;
}

}  // namespace

bool Spool::has(const WalName& name) const {
  struct stat info {};
  return ::fstatat(folder_.descriptor(), name.text().c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && usable(info);
}

std::optional<std::uint64_t> Spool::move_out(const WalName& name, const std::string& destination) const {
  const char* const text = name.text().c_str();
  struct stat info {};
  if (::fstatat(folder_.descriptor(), text, &info, AT_SYMLINK_NOFOLLOW) != 0 || !usable(info)) return std::nullopt;
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (::renameat(folder_.descriptor(), text, AT_FDCWD, destination.c_str()) == 0) return size;
  const int reason = errno;  // ENOENT: another process took it, or there is no such destination
  if (reason == EXDEV) return copy_out(name.text(), destination) ? std::optional(size) : std::nullopt;
  if (reason != ENOENT) {
    log::info("cannot move {}/{} to {}: {}", folder_.path(), name.text(), destination, text_of(reason));
  }
  return std::nullopt;
}

bool Spool::copy_out(const std::string& name, const std::string& destination) const {
  const std::string path = folder_.path() + "/" + name;
  const FileDescriptor source = open_at(folder_.descriptor(), name.c_str(), O_RDONLY | O_NOFOLLOW);
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
  ::unlinkat(folder_.descriptor(), name.c_str(), 0);
  return true;
}

AtomicFile Spool::create(const WalName& name) const {
  return AtomicFile(folder_.descriptor(), name.text(), folder_.path() + "/" + name.text(), {});
}

void Spool::remove_before(const WalName& name) const {
  folder_.for_each([&](const char* entry) {
    const auto found = WalName::parse(entry);
    if (found && found->kind() == WalName::Kind::segment && found->timeline() == name.timeline() &&
        found->text() < name.text()) {
      ::unlinkat(folder_.descriptor(), entry, 0);
    }
  });
}

}  // namespace tapster
