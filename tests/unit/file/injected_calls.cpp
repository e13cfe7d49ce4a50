#include "unit/file/injected_calls.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>

namespace tapster::test {
namespace {

struct Plan {
  std::atomic<int> error_number{0};
  std::atomic<int> skip{0};
  std::atomic<int> times{0};
};

Plan plans[static_cast<int>(Call::count)];
std::atomic<unsigned> most_bytes{~0U};

bool fails(Call call) {
  Plan& plan = plans[static_cast<int>(call)];
  if (plan.error_number == 0) return false;
  if (plan.skip > 0) {
    --plan.skip;
    return false;
  }
  if (plan.times == 0) return false;
  if (plan.times > 0) --plan.times;
  errno = plan.error_number;
  return true;
}

std::size_t allowed(std::size_t size) { return std::min<std::size_t>(size, most_bytes); }

}  // namespace

InjectedFailure::InjectedFailure(Call call, int error_number, int skip, int times) : call_(call) {
  Plan& plan = plans[static_cast<int>(call)];
  plan.skip = skip;
  plan.times = times;
  plan.error_number = error_number;
}

InjectedFailure::~InjectedFailure() { plans[static_cast<int>(call_)].error_number = 0; }

ShortTransfers::ShortTransfers(unsigned bytes) { most_bytes = bytes; }
ShortTransfers::~ShortTransfers() { most_bytes = ~0U; }

}  // namespace tapster::test

using tapster::test::Call;

extern "C" {

ssize_t pread(int file, void* data, std::size_t size, off_t offset) {
  if (tapster::test::fails(Call::pread)) return -1;
  return ::syscall(SYS_pread64, file, data, tapster::test::allowed(size), offset);
}

ssize_t pwrite(int file, const void* data, std::size_t size, off_t offset) {
  if (tapster::test::fails(Call::pwrite)) return -1;
  return ::syscall(SYS_pwrite64, file, data, tapster::test::allowed(size), offset);
}

int fsync(int file) {
  if (tapster::test::fails(Call::fsync)) return -1;
  return static_cast<int>(::syscall(SYS_fsync, file));
}

int linkat(int from_directory, const char* from, int to_directory, const char* to, int flags) noexcept {
  if ((flags & AT_SYMLINK_FOLLOW) != 0 && tapster::test::fails(Call::link_unnamed)) return -1;
  return static_cast<int>(::syscall(SYS_linkat, from_directory, from, to_directory, to, flags));
}

int renameat2(int from_directory, const char* from, int to_directory, const char* to, unsigned flags) noexcept {
  if (tapster::test::fails(Call::renameat2)) return -1;
  return static_cast<int>(::syscall(SYS_renameat2, from_directory, from, to_directory, to, flags));
}

}  // extern "C"
