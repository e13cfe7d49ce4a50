#include "postgres/server_version.h"

#include "support/catch.h"

using namespace tapster;

TEST_CASE("major versions have two parts before 10") {
  CHECK(major_version(150018) == "15");
  CHECK(major_version(100023) == "10");
  CHECK(major_version(90624) == "9.6");
}
