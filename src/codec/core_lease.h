// The machine's cores, shared by the compressors of one process.
#pragma once

namespace tapster {

// Several segments may be compressed side by side. Each lease takes cores that no other one has, so that all of them
// together never start more threads, with all the memory that these need, than there are cores to run them.
// Thread-safe.
class CoreLease {
 public:
  // Of the cores this process may run on: at most `wanted`, perhaps none.
  explicit CoreLease(int wanted) noexcept;
  ~CoreLease();
  CoreLease(const CoreLease&) = delete;
  CoreLease& operator=(const CoreLease&) = delete;

  int count() const noexcept { return count_; }

 private:
  int count_;
};

}  // namespace tapster
