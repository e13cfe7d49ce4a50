// Shares the machine's cores between the compressors of one process.
#pragma once

namespace tapster {

// Several segments may be compressed at once. A lease gets cores that no other lease has, so that all together never
// start more threads, each with its memory, than there are cores. The destructor returns the cores. Thread-safe.
class CoreLease {
 public:
  // Gets at most `wanted` cores, perhaps none.
  explicit CoreLease(int wanted) noexcept;
  ~CoreLease();
  CoreLease(const CoreLease&) = delete;
  CoreLease& operator=(const CoreLease&) = delete;

  int count() const noexcept { return count_; }

 private:
  int count_;
};

}  // namespace tapster
