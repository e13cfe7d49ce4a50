// A process that may have few threads.
#pragma once

#include "support/child.h"

#include <sys/resource.h>

#include <functional>
#include <stdexcept>

namespace tapster::test {

// The thread sanitizer has threads of its own in a child.
#if defined(__SANITIZE_THREAD__)
inline constexpr unsigned kSanitizerThreads = 2;
#else
inline constexpr unsigned kSanitizerThreads = 0;
#endif

// Runs `work` in a child that can start `threads` threads and no more; see Child for what comes back. Needs root: the
// child becomes a user that runs nothing else, because the kernel counts all processes of a user, and none of root's.
inline int with_few_threads(unsigned threads, const std::function<int()>& work) {
  Child child([&] {
    const auto nobody_else = static_cast<uid_t>(1'000'000 + ::getpid());
    const rlim_t most = threads + kSanitizerThreads + 1;
    const rlimit limit{most, most};
    if (::setuid(nobody_else) != 0 || ::setrlimit(RLIMIT_NPROC, &limit) != 0) {
      throw std::runtime_error("with_few_threads needs root");
    }
    return work();
  });
  return child.wait();
}

}  // namespace tapster::test
