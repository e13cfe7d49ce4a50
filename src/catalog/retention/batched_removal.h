// Deletes many objects: collects their keys into batches and sends several batches at a time.
#pragma once

#include "base/thread_pool.h"

#include <tapster/object_store.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace tapster {

// For one thread. Holds at most seven batches, and the keys that could not be deleted. A failure does not stop the
// batches after it. Once three batches have ended without an answer, the remaining keys fail without being tried.
class BatchedRemoval {
 public:
  // `store` is borrowed. `batch_size`: keys per request, at most the store's maximum; 0: the store's maximum.
  BatchedRemoval(ObjectStore& store, std::size_t batch_size);
  BatchedRemoval(const BatchedRemoval&) = delete;
  BatchedRemoval& operator=(const BatchedRemoval&) = delete;
  ~BatchedRemoval();  // waits for the batches that were handed over; drops the keys that were not

  void add(std::string key);  // waits while too many batches are unsent
  // Sends the rest and waits for all. Returns the keys that could not be deleted, in no particular order.
  std::vector<RemoveFailure> finish();
  std::uint64_t added() const noexcept { return added_; }
  bool unreachable();  // whether a batch has ended without an answer

 private:
  using Batch = std::vector<std::string>;
  void send(Batch batch) noexcept;
  void hand_over();
  void work();
  void stop();

  ObjectStore& store_;
  const std::size_t batch_size_;
  Batch filling_;
  std::uint64_t added_ = 0;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Batch> waiting_;
  bool ended_ = false;
  int unreachable_ = 0;  // batches that ended without an answer
  std::vector<RemoveFailure> failures_;
  ThreadPool workers_{[this] { work(); }};  // last: its threads use all of the above
};

// Logs an error for each of the first ten, and one with the number of the others.
void log_failures(const std::vector<RemoveFailure>& failures, const ObjectStore& store);

}  // namespace tapster
