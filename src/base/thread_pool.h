// Threads that all run one function, as many as the system gives.
#pragma once

#include <cstddef>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

namespace tapster {

// Not thread-safe: its owner guards it, or uses it from one thread. The owner tells the function when to return.
class ThreadPool {
 public:
  explicit ThreadPool(std::function<void()> run) : run_(std::move(run)) {}
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool() { join(); }

  // Starts threads until `count` have been started, and returns how many have been. There may be fewer, even none: a
  // limit on processes or memory is no reason to fail for whoever can do with fewer, or do the work itself.
  std::size_t grow(std::size_t count);

  // The same for those who need one: throws Error (general) when there is none.
  void grow_at_least_one(std::size_t count);

  std::size_t size() const noexcept { return threads_.size(); }

  // Waits until all threads have returned. Then none has been started.
  void join() noexcept;

 private:
  std::function<void()> run_;
  std::vector<std::thread> threads_;
};

}  // namespace tapster
