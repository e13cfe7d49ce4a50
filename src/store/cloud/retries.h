// The attempts of one call to a service.
#pragma once

#include <tapster/clock.h>

#include <optional>
#include <stop_token>
#include <string_view>

namespace tapster {

class Retries {
 public:
  // `most` attempts in all. The clock is borrowed.
  Retries(Clock& clock, int most, std::stop_token stop) : clock_(clock), most_(most), stop_(std::move(stop)) {}

  bool exhausted() const noexcept { return attempt_ >= most_; }
  // Waits before the next attempt: as long as the service asked for, or as the back-off says. Logs `call` ("PutObject
  // KEY") and the reason. Throws Interrupted.
  void wait(std::string_view call, std::string_view reason, std::optional<Duration> asked = std::nullopt);

 private:
  Clock& clock_;
  int most_;
  std::stop_token stop_;
  int attempt_ = 1;
};

}  // namespace tapster
