#include "wal/prefetch/folder_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace tapster {
namespace {

constexpr Duration kPollInterval{50};  // where the system cannot watch

void drain(const FileDescriptor& file) {
  std::array<std::byte, 4096> ignored;
  while (::read(file.get(), ignored.data(), ignored.size()) == static_cast<ssize_t>(ignored.size())) {
  }
}

}  // namespace

FolderWatch::FolderWatch(const PrivateFolder& folder)
    : changes_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)), calls_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  constexpr auto kChanges = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF;
  if (changes_ && ::inotify_add_watch(changes_.get(), folder.path().c_str(), kChanges) < 0) changes_.reset();
}

void FolderWatch::wait(Duration longest) {
  if (!changes_ || !calls_) longest = std::min(longest, kPollInterval);
  pollfd events[] = {{.fd = changes_.get(), .events = POLLIN, .revents = 0},  // poll(2) passes over -1
                     {.fd = calls_.get(), .events = POLLIN, .revents = 0}};
  if (::poll(events, 2, static_cast<int>(std::max(longest, Duration(0)).count())) <= 0) return;
  if (events[0].revents != 0) drain(changes_);
  if (events[1].revents != 0) drain(calls_);
}

void FolderWatch::wake() noexcept {
  if (calls_) static_cast<void>(::eventfd_write(calls_.get(), 1));
}

}  // namespace tapster
