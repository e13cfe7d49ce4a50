#include "postgres/session.h"

#include "support/catch.h"

#include <tapster/error.h>

#include <stop_token>

using namespace tapster;

TEST_CASE("a connection string that libpq does not take is told from a server that is not there") {
  try {
    connect_postgres("host", {});
    FAIL("connected");
  } catch (const Error& failure) {
    CHECK(failure.kind() == ErrorKind::general);
    CHECK_THAT(failure.what(), ContainsSubstring("not a valid connection string"));
  }
  try {
    connect_postgres("host=/nonexistent port=1", {});
    FAIL("connected");
  } catch (const Error& failure) {
    CHECK(failure.kind() == ErrorKind::operation);
    CHECK_THAT(failure.what(), ContainsSubstring("Cannot connect to postgres: "));
    CHECK_THAT(failure.what(), !ContainsSubstring("\n"));
  }
}

TEST_CASE("a stop ends the wait for a connection") {
  std::stop_source stop;
  stop.request_stop();
  CHECK_THROWS_WITH(connect_postgres("host=/nonexistent port=1", stop.get_token()), "interrupted");
}
