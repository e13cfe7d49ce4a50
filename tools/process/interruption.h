// SIGINT, SIGTERM and SIGHUP as a request to stop, for the commands that have to tidy up.
#pragma once

#include <atomic>
#include <csignal>
#include <stop_token>
#include <thread>

namespace tapster {

// Made in main() before any other thread, it blocks the signals for all of them and waits for one in a thread
// of its own. The first requests the stop; a second one of the same kind ends the process at once. Signals that
// the process was started to ignore (nohup) stay ignored.
class Interruption {
 public:
  Interruption();  // throws Error (general) when the system has no descriptors left
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  std::stop_token token() const noexcept { return source_.get_token(); }
  int signal() const noexcept { return signal_; }  // the one that came, or 0

 private:
  void wait();

  std::stop_source source_;
  std::atomic<int> signal_{0};
  sigset_t signals_{};
  sigset_t before_{};
  int arrivals_ = -1;  // signalfd
  int end_ = -1;       // eventfd: written by the destructor
  std::thread waiter_;
};

// "SIGTERM", for messages.
const char* signal_name(int signal) noexcept;

}  // namespace tapster
