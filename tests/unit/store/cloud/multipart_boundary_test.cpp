#include "store/cloud/multipart_boundary.h"

#include "support/catch.h"

using namespace tapster;

TEST_CASE("boundaries begin with the prefix, have one length, and differ") {
  const std::string one = random_boundary("batch_");
  const std::string other = random_boundary("batch_");
  CHECK(one.starts_with("batch_"));
  CHECK(one.find_first_not_of("0123456789abcdef", 6) == std::string::npos);
  CHECK(one.size() == 6 + 32);
  CHECK(other.size() == one.size());
  CHECK(other != one);
}
