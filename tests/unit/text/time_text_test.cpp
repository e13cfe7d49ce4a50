#include "text/time_text.h"

#include "support/catch.h"

using namespace tapster;

TEST_CASE("times are read and written in UTC") {
  const auto time = parse_rfc3339("2013-05-24T00:00:00Z");
  REQUIRE(time);
  CHECK(amz_timestamp(*time) == "20130524T000000Z");
  CHECK(parse_rfc3339("2013-05-24T02:00:00.123+02:00") == time);
  CHECK(parse_rfc3339("2013-05-23T22:00:00-0200") == time);
  CHECK(parse_http_date("Fri, 24 May 2013 00:00:00 GMT") == time);
  CHECK(http_date(*time) == "Fri, 24 May 2013 00:00:00 GMT");
  CHECK(http_date(*parse_rfc3339("2024-12-01T23:59:58Z")) == "Sun, 01 Dec 2024 23:59:58 GMT");
}

TEST_CASE("malformed times are refused") {
  for (const char* text : {"", "2013-05-24", "2013-13-24T00:00:00Z", "2013-02-30T00:00:00Z", "2013-05-24T00:00:00",
                           "2013-05-24T24:00:00Z", "-013-05-24T00:00:00Z"}) {
    CHECK_FALSE(parse_rfc3339(text));
  }
  for (const char* text :
       {"", "24 May 2013 00:00:00 GMT", "Fri, 24 Foo 2013 00:00:00 GMT", "Fri, 24 May 2013 00:00:00"})
    CHECK_FALSE(parse_http_date(text));
}
