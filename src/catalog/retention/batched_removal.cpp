#include "catalog/retention/batched_removal.h"

#include <tapster/log.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace tapster {
namespace {

constexpr std::size_t kRemovalThreads = 4;
constexpr std::size_t kMaxWaiting = 2;  // batches
constexpr int kMaxUnreachable = 3;
constexpr std::size_t kMaxLogged = 10;

}  // namespace

BatchedRemoval::BatchedRemoval(ObjectStore& store, std::size_t batch_size)
    : store_(store),
      batch_size_(std::max<std::size_t>(
          batch_size == 0 ? store.limits().max_remove_batch : std::min(batch_size, store.limits().max_remove_batch),
          1)) {}

BatchedRemoval::~BatchedRemoval() { stop(); }

void BatchedRemoval::add(std::string key) {
  filling_.push_back(std::move(key));
  ++added_;
  if (filling_.size() == batch_size_) hand_over();
}

void BatchedRemoval::hand_over() {
  if (workers_.grow(std::min(workers_.size() + 1, kRemovalThreads)) == 0) {
    send(std::exchange(filling_, {}));
    return;
  }
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_.size() < kMaxWaiting; });
    waiting_.push_back(std::move(filling_));
    filling_.clear();
  }
  changed_.notify_all();
}

void BatchedRemoval::work() {
  for (;;) {
    Batch batch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return ended_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      batch = std::move(waiting_.front());
      waiting_.pop_front();
    }
    changed_.notify_all();
    send(std::move(batch));
  }
}

void BatchedRemoval::send(Batch batch) noexcept {
  std::vector<RemoveFailure> failed;
  bool unreachable = false;
  std::string reason;
  {
    const std::lock_guard lock(mutex_);
    if (unreachable_ >= kMaxUnreachable) reason = "not tried, after several requests without an answer";
  }
  if (reason.empty()) {
    try {
      failed = store_.remove(batch);
    } catch (const Error& failure) {
      reason = failure.what();
      unreachable = failure.kind() == ErrorKind::network;
    } catch (const std::exception& failure) {
      reason = failure.what();
    }
  }
  if (!reason.empty()) {
    failed.clear();
    failed.reserve(batch.size());
    for (std::string& key : batch) failed.push_back({std::move(key), reason});
  }
  const std::lock_guard lock(mutex_);
  if (unreachable) ++unreachable_;
  failures_.insert(failures_.end(), std::make_move_iterator(failed.begin()), std::make_move_iterator(failed.end()));
}

void BatchedRemoval::stop() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  workers_.join();
}

std::vector<RemoveFailure> BatchedRemoval::finish() {
  if (!filling_.empty()) {
    if (workers_.size() == 0) {
      send(std::exchange(filling_, {}));
    } else {
      hand_over();
    }
  }
  stop();
  return std::exchange(failures_, {});
}

bool BatchedRemoval::unreachable() {
  const std::lock_guard lock(mutex_);
  return unreachable_ > 0;
}

void log_failures(const std::vector<RemoveFailure>& failures, const ObjectStore& store) {
  const std::size_t logged = std::min(failures.size(), kMaxLogged);
  for (std::size_t i = 0; i < logged; ++i) {
    log::error("Could not delete {}: {}", store.describe(failures[i].key), failures[i].reason);
  }
  if (failures.size() > logged) log::error("Could not delete {} more objects", failures.size() - logged);
}

}  // namespace tapster
