// The threads that move parts and ranges of objects: as many as the wire rewards.
#pragma once

#include "base/thread_pool.h"
#include "store/transfer/transfer_count.h"

#include <cstdint>
#include <functional>

namespace tapster {

// Uploads and downloads use it alike. Its owner's mutex guards everything but the construction, join() and the threads
// themselves. TransferCount decides how many transfers are under way at once; a thread that the system refuses is gone
// without.
class TransferPool {
 public:
  // What one thread has to remember between two calls of done().
  struct Thread {
    bool has_transferred = false;
  };

  // Begins with `least` threads, or with those that can be had. Throws Error (general) when that is none. `run` is what
  // each thread runs; it returns when the owner tells it to.
  TransferPool(int least, int most, std::function<void(Thread&)> run);

  // So many transfers may be under way.
  int at_once() const noexcept { return count_.count(); }

  // A transfer of `bytes` was done by `thread`. Starts the threads that are missing.
  void done(Thread& thread, std::uint64_t bytes);
  // The owner is about to end its threads: none is started from now on.
  void close() noexcept { closed_ = true; }
  // Waits until all threads have returned. Without the owner's mutex.
  void join() noexcept { threads_.join(); }

  // While one exists, somebody waits for a transfer. Made and destroyed with the owner's mutex held.
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
