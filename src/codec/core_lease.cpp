#include "codec/core_lease.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace tapster {
namespace {

std::atomic<int> leased_cores = 0;

}  // namespace

CoreLease::CoreLease(int wanted) noexcept {
  const int all = static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U));
  int leased = leased_cores;
  do {
    count_ = std::clamp(all - leased, 0, wanted);
  } while (!leased_cores.compare_exchange_weak(leased, leased + count_));
}

CoreLease::~CoreLease() { leased_cores -= count_; }

}  // namespace tapster
