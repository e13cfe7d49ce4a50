// Pacing of what is sent: even, without bursts, and only of what is sent.
#include "store/transfer/rate_limit.h"

#include "support/catch.h"
#include "support/fake_clock.h"

#include <tapster/error.h>

#include <numeric>
#include <thread>
#include <vector>

using namespace tapster;
using namespace tapster::test;

namespace {

constexpr std::uint64_t kRate = 1'000'000;

FakeClock clock_at_noon() { return FakeClock(TimePoint(std::chrono::hours(12))); }

Duration slept(const FakeClock& clock) {
  const auto sleeps = clock.sleeps();
  return std::accumulate(sleeps.begin(), sleeps.end(), Duration{0});
}

}  // namespace

TEST_CASE("a rate limit lets so many bytes pass per second") {
  FakeClock clock = clock_at_noon();
  RateLimit limit(kRate, clock);
  for (int i = 0; i < 100; ++i) limit.take(kRate / 20, {});
  CHECK(slept(clock) == Duration{4900});  // five seconds' worth, less the tenth that the bucket holds
}

TEST_CASE("a rate limit keeps its rate in the long run with pieces that take less than the clock's unit") {
  FakeClock clock = clock_at_noon();
  RateLimit limit(kRate, clock);
  for (int i = 0; i < 10'000; ++i) limit.take(777, {});
  CHECK(slept(clock) >= Duration{7670});
  CHECK(slept(clock) <= Duration{7671});
}

TEST_CASE("a rate limit gives no credit for a pause beyond a tenth of a second") {
  FakeClock clock = clock_at_noon();
  RateLimit limit(kRate, clock);
  clock.advance(std::chrono::hours(1));
  limit.take(kRate, {});
  CHECK(slept(clock) == Duration{900});
}

TEST_CASE("a clock that is set back does not stop the flow") {
  FakeClock clock = clock_at_noon();
  RateLimit limit(kRate, clock);
  limit.take(kRate, {});
  clock.advance(-std::chrono::hours(1));
  limit.take(kRate, {});
  CHECK(slept(clock) == Duration{1900});
}

TEST_CASE("a rate limit is interrupted when it is stopped, and then takes no time") {
  FakeClock clock = clock_at_noon();
  RateLimit limit(kRate, clock);
  std::stop_source stop;
  stop.request_stop();
  CHECK_THROWS_AS(limit.take(kRate, stop.get_token()), Interrupted);
  CHECK(clock.sleeps().empty());
}

TEST_CASE("a rate limit that waits is woken by a stop") {
  SystemClock clock;
  RateLimit limit(1, clock);
  std::stop_source stop;
  std::jthread waiting([&] { CHECK_THROWS_AS(limit.take(1'000'000, stop.get_token()), Interrupted); });
  stop.request_stop();  // before or during the wait of eleven days: either way it ends
}

TEST_CASE("a bandwidth of nothing is refused") {
  FakeClock clock = clock_at_noon();
  CHECK_THROWS_AS(RateLimit(0, clock), Error);
}

TEST_CASE("a paced body is read in strides of a tenth of a second") {
  FakeClock clock = clock_at_noon();
  RateLimit limit(kRate, clock);
  const std::vector<std::byte> data(250'000, std::byte{7});
  MemoryBody memory{Bytes(data)};
  PacedBody body(memory, limit, {});
  CHECK(body.size() == data.size());
  std::vector<std::byte> buffer(data.size());
  CHECK(body.read(buffer) == 100'000);
  CHECK(body.read(buffer) == 100'000);
  CHECK(body.read(buffer) == 50'000);
  CHECK(body.read(buffer) == 0);
  CHECK(slept(clock) == Duration{150});

  SECTION("again when it is sent again") {
    body.rewind();
    CHECK(body.read(buffer) == 100'000);
    CHECK(slept(clock) == Duration{250});
  }
  SECTION("and has no price for who reads it without sending") {
    body.unsent().rewind();
    CHECK(body.unsent().read(buffer) == data.size());
    CHECK(body.contiguous().empty());  // a way around the price for senders, too, otherwise
    CHECK(slept(clock) == Duration{150});
  }
}

TEST_CASE("a paced body ends with its stop") {
  FakeClock clock = clock_at_noon();
  RateLimit limit(kRate, clock);
  MemoryBody memory("text");
  std::stop_source stop;
  PacedBody body(memory, limit, stop.get_token());
  stop.request_stop();
  std::vector<std::byte> buffer(4);
  CHECK_THROWS_AS(body.read(buffer), Interrupted);
}
