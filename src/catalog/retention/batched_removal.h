// Deleting many objects: keys come in one by one and go out in batches, several at a time.
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

// Used by one thread. Memory: the batches under way and two more, and the keys that failed. A failure does not
// stop what comes after it; only when the store cannot be reached again and again are keys given up untried.
class BatchedRemoval {
 public:
  // `store` is borrowed. `batch_size`: keys per request, at most the store's own; 0: as many as it takes.
  BatchedRemoval(ObjectStore& store, std::size_t batch_size);
  BatchedRemoval(const BatchedRemoval&) = delete;
  BatchedRemoval& operator=(const BatchedRemoval&) = delete;
  ~BatchedRemoval();  // waits for what was sent; the rest is dropped

  void add(std::string key);  // waits while enough is under way
  // Sends the rest and waits for all. What is still there, in no particular order.
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

// Logs an error for the first few, and how many more there are.
void log_failures(const std::vector<RemoveFailure>& failures, const ObjectStore& store);

}  // namespace tapster
