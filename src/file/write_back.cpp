#include "file/write_back.h"

#include "file/atomic_file.h"

#include <fcntl.h>

#include <utility>

namespace tapster {
namespace {

constexpr std::size_t kMostWaiting = 32;

}  // namespace

WriteBack::WriteBack() : thread_([this] { ask(); }) {}

WriteBack::~WriteBack() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void WriteBack::hint(int file, std::uint64_t offset, std::uint64_t length) {
  {
    const std::lock_guard lock(mutex_);
    if (ranges_.size() == kMostWaiting) return;
    FileDescriptor copy(::fcntl(file, F_DUPFD_CLOEXEC, 0));
    if (!copy) return;
    ranges_.push_back({std::move(copy), offset, length});
  }
  changed_.notify_all();
}

void WriteBack::ask() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ended_ || !ranges_.empty(); });
    if (ended_) return;
    const Range range = std::move(ranges_.front());
    ranges_.pop_front();
    lock.unlock();
    start_write_back(range.file.get(), range.offset, range.length);
    lock.lock();
  }
}

}  // namespace tapster
