#include "codec/core_lease.h"

#include "support/catch.h"

#include <algorithm>
#include <thread>

using namespace tapster;

TEST_CASE("leases share the machine's cores") {
  const int all = static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U));
  {
    const CoreLease one(1);
    CHECK(one.count() == 1);
    const CoreLease rest(all + 5);
    CHECK(rest.count() == all - 1);
    CHECK(CoreLease(2).count() == 0);
  }
  CHECK(CoreLease(all).count() == all);  // given back
}
