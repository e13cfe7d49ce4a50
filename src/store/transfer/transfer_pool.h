// The threads that move parts and ranges of objects: as many as TransferCount finds to be faster.
#pragma once

#include "base/thread_pool.h"
#include "store/transfer/transfer_count.h"

#include <cstdint>
#include <functional>

namespace tapster {

// Used by uploads and downloads. The owner calls all methods but the constructor and join() with its own mutex held.
// TransferCount decides how many transfers are under way at once. When the system refuses a thread, the pool goes on
// with those that it has.
class TransferPool {
 public:
  // One per thread; the thread passes it to done().
  struct Thread {
    bool has_transferred = false;
  };

  // Starts `least` threads, or as many of them as the system gives. Throws Error (general) when that is none. Each
  // thread calls `run` once; `run` returns when the owner tells it to.
  TransferPool(int least, int most, std::function<void(Thread&)> run);

  // So many transfers may be under way.
  int at_once() const noexcept { return count_.count(); }

  // `thread` has transferred `bytes`. Starts more threads when TransferCount allows more.
  void done(Thread& thread, std::uint64_t bytes);
  // Starts no thread from now on. To be called before the owner tells `run` to return.
  void close() noexcept { closed_ = true; }
  // Waits until all threads have returned. Called without the owner's mutex, after close().
  void join() noexcept { threads_.join(); }

  // Exists while the thread that fills or empties the buffers waits for a transfer. Made and destroyed with the
  // owner's mutex held.
  class Waiting {
   public:
    explicit Waiting(TransferPool& pool);
    ~Waiting();
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    TransferPool& pool_;
  };

 private:
  TransferCount count_;
  int transferring_ = 0;  // threads that have done a transfer
  bool closed_ = false;
  ThreadPool threads_;
};

}  // namespace tapster
