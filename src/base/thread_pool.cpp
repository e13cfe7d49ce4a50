#include "base/thread_pool.h"

#include <tapster/error.h>

#include <system_error>

namespace tapster {

std::size_t ThreadPool::grow(std::size_t count) {
  threads_.reserve(count);
  try {
    while (threads_.size() < count) threads_.emplace_back(run_);
  } catch (const std::system_error&) {
    // The system has no thread for us now. It is asked again when the pool is to grow again.
  }
  return threads_.size();
}

void ThreadPool::grow_at_least_one(std::size_t count) {
  if (grow(count) == 0 && count != 0) {
    throw Error(ErrorKind::general, "cannot start a thread: is the number of processes limited (ulimit -u, pids.max)?");
  }
}

void ThreadPool::join() noexcept {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace tapster
