#include "store/transfer/transfer_pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tapster {
namespace {

TransferCount::Time now() { return std::chrono::steady_clock::now(); }

}  // namespace

TransferPool::TransferPool(int least, int most, std::function<void(Thread&)> run)
    : count_(std::max(least, 1), std::max({least, most, 1})), threads_([run = std::move(run)] {
        Thread thread;
        run(thread);
      }) {
  threads_.grow_at_least_one(static_cast<std::size_t>(count_.count()));
}

void TransferPool::done(Thread& thread, std::uint64_t bytes) {
  if (!std::exchange(thread.has_transferred, true)) ++transferring_;
  count_.done(now(), bytes, transferring_);
  if (!closed_) threads_.grow(static_cast<std::size_t>(count_.count()));
}

TransferPool::Waiting::Waiting(TransferPool& pool) : pool_(pool) { pool_.count_.wait_begins(now()); }
TransferPool::Waiting::~Waiting() { pool_.count_.wait_ends(now()); }

}  // namespace tapster
