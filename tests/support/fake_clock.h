// A clock that moves only when told to, or when somebody sleeps.
#pragma once

#include <tapster/clock.h>

#include <mutex>
#include <vector>

namespace tapster::test {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(TimePoint now) : now_(now) {}

  TimePoint now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  void sleep(Duration duration, const std::stop_token& stop = {}) override {
    if (stop.stop_requested()) return;
    const std::lock_guard lock(mutex_);
    now_ += duration;
    sleeps_.push_back(duration);
  }
  void advance(Duration duration) {
    const std::lock_guard lock(mutex_);
    now_ += duration;
  }
  std::vector<Duration> sleeps() const {
    const std::lock_guard lock(mutex_);
    return sleeps_;
  }

 private:
  mutable std::mutex mutex_;
  TimePoint now_;
  std::vector<Duration> sleeps_;
};

}  // namespace tapster::test
