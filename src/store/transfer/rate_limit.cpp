#include "store/transfer/rate_limit.h"

#include <tapster/error.h>

#include <algorithm>
#include <chrono>

namespace tapster {
namespace {

constexpr int kStridesPerSecond = 10;
constexpr std::chrono::milliseconds kCredit{1000 / kStridesPerSecond};

}  // namespace

RateLimit::RateLimit(std::uint64_t bytes_per_second, Clock& clock)
    : rate_(bytes_per_second), clock_(clock), paid_until_(clock.now() - kCredit) {
  if (rate_ == 0) throw Error(ErrorKind::usage, "a bandwidth of 0 bytes per second would never end");
}

std::size_t RateLimit::stride() const noexcept {
  return static_cast<std::size_t>(std::max<std::uint64_t>(rate_ / kStridesPerSecond, 1));
}

void RateLimit::take(std::uint64_t bytes, const std::stop_token& stop) {
  const std::lock_guard lock(mutex_);
  if (stop.stop_requested()) throw Interrupted();
  const TimePoint now = clock_.now();
  // Callers before this one have waited until paid_until_. It is later than now only when the clock was set back.
  paid_until_ = std::clamp(paid_until_, now - kCredit, now);
  const std::chrono::duration<double> price(static_cast<double>(bytes) / static_cast<double>(rate_));
  paid_until_ += std::chrono::ceil<TimePoint::duration>(price);
  if (paid_until_ <= now) return;
  clock_.sleep(std::chrono::ceil<Duration>(paid_until_ - now), stop);
  if (stop.stop_requested()) throw Interrupted();
}

std::size_t PacedBody::read(std::span<std::byte> out) {
  const std::size_t count = body_.read(out.first(std::min(out.size(), limit_.stride())));
  limit_.take(count, stop_);
  return count;
}

}  // namespace tapster
