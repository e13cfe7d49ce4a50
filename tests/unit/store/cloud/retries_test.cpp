#include "store/cloud/retries.h"

#include "support/catch.h"
#include "support/fake_clock.h"

#include <tapster/error.h>

using namespace tapster;
using namespace tapster::test;

TEST_CASE("a wait before the next attempt ends when a stop is requested") {
  FakeClock clock(TimePoint{});
  std::stop_source stop;
  Retries retries(clock, 3, stop.get_token());
  retries.wait("GetObject k", "no answer", Duration(5));
  CHECK(clock.sleeps() == std::vector<Duration>{Duration(5)});
  CHECK_FALSE(retries.exhausted());
  stop.request_stop();
  CHECK_THROWS_AS(retries.wait("GetObject k", "no answer", Duration(5)), Interrupted);
}
