#include <tapster/clock.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace tapster {

TimePoint SystemClock::now() const { return std::chrono::system_clock::now(); }

void SystemClock::sleep(Duration duration, const std::stop_token& stop) {
  if (!stop.stop_possible()) {
    std::this_thread::sleep_for(duration);
    return;
  }
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, stop, duration, [] { return false; });
}

}  // namespace tapster
