#include "wal/prefetch/fetcher_lock.h"

#include <tapster/clock.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <system_error>

namespace tapster {
namespace {

constexpr const char* kLockFile = "fetcher";
constexpr std::string_view kNothingMore = "nothing more: ";
constexpr std::string_view kFailed = "failed: ";
constexpr std::string_view kIdle = "ended: ";
constexpr std::chrono::seconds kJustNow{10};
constexpr std::size_t kLongestNote = 1000;

// For locks of an open file, not of a process: they work between threads, too, and no other close(2) releases them.
struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

void write_down(int file, std::string_view note) {
  // A reader may see the beginning of it. Without the line's end it is ignored.
  if (::ftruncate(file, 0) == 0) static_cast<void>(::pwrite(file, note.data(), note.size(), 0));
}

}  // namespace

std::optional<FetcherLock> FetcherLock::acquire(const PrivateFolder& folder) {
  FileDescriptor file = open_at(folder.descriptor(), kLockFile, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (!file) return std::nullopt;
  struct flock lock = whole_file();
  if (::fcntl(file.get(), F_OFD_SETLK, &lock) != 0) {
    const int reason = errno;
    if (reason != EAGAIN && reason != EACCES) {
      write_down(file.get(), fmt::format("{}cannot lock it: {}\n", kFailed, std::generic_category().message(reason)));
    }
    return std::nullopt;
  }
  write_down(file.get(), fmt::format("process {}\n", ::getpid()));
  return FetcherLock(std::move(file));
}

void FetcherLock::record_end(FetcherEnd end, std::string_view why) const {
  const std::string_view how = end == FetcherEnd::failed         ? kFailed
                               : end == FetcherEnd::nothing_more ? kNothingMore
                                                                 : kIdle;
  write_down(file_.get(), fmt::format("{}{}\n", how, why.substr(0, kLongestNote)));
}

FetcherState fetcher_state(const PrivateFolder& folder) {
  FetcherState state;
  const FileDescriptor file = open_at(folder.descriptor(), kLockFile, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  if (!file) return state;
  struct flock lock = whole_file();
  if (::fcntl(file.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
    state.running = true;
    return state;
  }
  std::array<char, kLongestNote + 100> text{};
  const ssize_t count = ::pread(file.get(), text.data(), text.size(), 0);
  std::string_view note(text.data(), count < 0 ? 0 : static_cast<std::size_t>(count));
  const auto is = [&](std::string_view how, FetcherEnd end) {
    if (!note.starts_with(how) || !note.ends_with('\n')) return;
    state.end = end;
    state.why = note.substr(how.size(), note.size() - how.size() - 1);
  };
  is(kNothingMore, FetcherEnd::nothing_more);
  is(kFailed, FetcherEnd::failed);
  struct stat info {};
  if (::fstat(file.get(), &info) == 0) {
    const auto age = SystemClock().now() - std::chrono::system_clock::from_time_t(info.st_mtim.tv_sec);
    state.just_now = age > -kJustNow && age < kJustNow;
  }
  return state;
}

}  // namespace tapster
