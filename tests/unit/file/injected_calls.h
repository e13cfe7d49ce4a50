// System calls that fail on demand: what a full, a broken or an unusual file system answers.
// The test program defines these calls itself, so the library's own calls meet them.
#pragma once

namespace tapster::test {

enum class Call { pread, pwrite, fsync, link_unnamed, renameat2, count };

// While it lives, the call fails with that errno: the first `skip` times it works, then it
// fails `times` times (-1: always).
class InjectedFailure {
 public:
  InjectedFailure(Call call, int error_number, int skip = 0, int times = -1);
  InjectedFailure(const InjectedFailure&) = delete;
  InjectedFailure& operator=(const InjectedFailure&) = delete;
  ~InjectedFailure();

 private:
  Call call_;
};

// While it lives, pread and pwrite move at most that many bytes.
class ShortTransfers {
 public:
  explicit ShortTransfers(unsigned bytes);
  ShortTransfers(const ShortTransfers&) = delete;
  ShortTransfers& operator=(const ShortTransfers&) = delete;
  ~ShortTransfers();
};

}  // namespace tapster::test
