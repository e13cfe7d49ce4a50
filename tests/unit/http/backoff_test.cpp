#include "http/backoff.h"

#include "support/catch.h"
#include "text/time_text.h"

#include <set>

using namespace tapster;
using std::chrono::seconds;

TEST_CASE("Retry-After in seconds or as a date, up to a minute") {
  const TimePoint now = parse_rfc3339("2024-02-03T10:00:00Z").value() + Duration(500);
  const auto wait = [&](const char* value) { return retry_after({{"Retry-after", value}}, now); };
  CHECK(wait("0") == seconds(0));
  CHECK(wait("7") == seconds(7));
  CHECK(wait("60") == seconds(60));
  CHECK(wait("3600") == seconds(60));
  CHECK(wait("-5") == seconds(0));
  CHECK(wait("Sat, 03 Feb 2024 10:00:07 GMT") == Duration(6500));
  CHECK(wait("Sat, 03 Feb 2024 09:00:00 GMT") == seconds(0));
  CHECK(wait("Sat, 03 Feb 2124 10:00:00 GMT") == seconds(60));
}

TEST_CASE("a Retry-After that says nothing is none") {
  const TimePoint now = parse_rfc3339("2024-02-03T10:00:00Z").value();
  CHECK_FALSE(retry_after({}, now));
  CHECK_FALSE(retry_after({{"Date", "7"}}, now));
  for (const char* value : {"", "soon", "7s", "1.5", "99999999999999999999"}) {
    CHECK_FALSE(retry_after({{"Retry-After", value}}, now));
  }
}

TEST_CASE("the back-off doubles its limit up to 20 s and uses all of it") {
  Duration limit{200};
  for (const int attempt : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 100}) {
    Duration longest{0};
    Duration shortest{limit};
    std::set<Duration> different;
    for (int i = 0; i < 500; ++i) {
      const Duration wait = backoff(attempt);
      longest = std::max(longest, wait);
      shortest = std::min(shortest, wait);
      different.insert(wait);
    }
    INFO(attempt);
    CHECK(shortest >= Duration(0));
    CHECK(shortest < limit / 4);
    CHECK(longest > limit / 4 * 3);
    CHECK(longest <= limit);
    CHECK(different.size() > 50);
    limit = std::min(limit * 2, Duration(20'000));
  }
}
