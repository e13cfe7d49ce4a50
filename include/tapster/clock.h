// The time, behind an interface, so that retries, expiry and skew are tested without waiting.
// All implementations may be used from several threads.
#pragma once

#include <chrono>
#include <stop_token>

namespace tapster {

using TimePoint = std::chrono::system_clock::time_point;  // UTC
using Duration = std::chrono::milliseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  // Returns early when `stop` is requested.
  virtual void sleep(Duration duration, const std::stop_token& stop = {}) = 0;
};

class SystemClock final : public Clock {
 public:
  TimePoint now() const override;
  void sleep(Duration duration, const std::stop_token& stop = {}) override;
};

}  // namespace tapster
