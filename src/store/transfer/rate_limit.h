// One token bucket for everything that a command sends.
#pragma once

#include <tapster/body.h>
#include <tapster/clock.h>

#include <cstdint>
#include <mutex>
#include <stop_token>
#include <utility>

namespace tapster {

// Thread-safe. The bucket holds at most what may be sent in a tenth of a second, so no burst follows the start or a
// pause.
class RateLimit {
 public:
  // Throws Error (usage) for a rate of 0. The clock is borrowed.
  RateLimit(std::uint64_t bytes_per_second, Clock& clock);

  // Waits until so many bytes may be sent, one caller after the other. Throws Interrupted when stopped.
  void take(std::uint64_t bytes, const std::stop_token& stop);

  // Bytes to ask for at a time, at most, so that the flow is even: what may be sent in a tenth of a second.
  std::size_t stride() const noexcept;

 private:
  std::uint64_t rate_;
  Clock& clock_;
  std::mutex mutex_;      // held while waiting: the next caller may not send before this one either
  TimePoint paid_until_;  // when all that callers were allowed to send will have been sent at the rate
};

// A body whose reader is paced by the limit; unsent() is not paced. Borrows both.
class PacedBody final : public Body {
 public:
  PacedBody(Body& body, RateLimit& limit, std::stop_token stop) : body_(body), limit_(limit), stop_(std::move(stop)) {}
  std::uint64_t size() const override { return body_.size(); }
  void rewind() override { body_.rewind(); }
  std::size_t read(std::span<std::byte> out) override;
  Body& unsent() override { return body_.unsent(); }

 private:
  Body& body_;
  RateLimit& limit_;
  std::stop_token stop_;
};

}  // namespace tapster
