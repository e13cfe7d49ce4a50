#include "store/transfer_count.h"

#include "support/catch.h"

#include <algorithm>

using namespace tapster;

namespace {

// A wire on which `carried` uploaders are of use: each moves a part in a second, and beyond them all share.
struct Wire {
  explicit Wire(int least, int most, int carried) : count(least, most), carried(carried) {}

  void send(int parts, bool waited_for = true) {
    for (int i = 0; i < parts; ++i) {
      now += std::chrono::duration_cast<std::chrono::steady_clock::duration>(
          std::chrono::duration<double>(1.0 / std::min(count.count(), carried)));
      count.done(now, 1000, waited_for);
    }
  }

  TransferCount count;
  int carried;
  TransferCount::Time now = {};
};

}  // namespace

TEST_CASE("uploaders are added as long as each brings more") {
  Wire wire(2, 6, 100);
  wire.send(200);
  CHECK(wire.count.count() == 6);
}

TEST_CASE("an uploader that brings nothing goes again") {
  Wire wire(2, 6, 4);
  wire.send(100);
  CHECK(wire.count.count() == 4);
  wire.carried = 6;  // the wire got better
  wire.send(300);
  CHECK(wire.count.count() == 6);
}

TEST_CASE("on a near wire there are no more than at the beginning") {
  Wire wire(2, 6, 2);
  wire.send(40);
  CHECK(wire.count.count() == 2);
}

TEST_CASE("while writers are the slow ones nothing is tried") {
  Wire wire(2, 6, 100);
  wire.send(500, false);
  CHECK(wire.count.count() == 2);
}

TEST_CASE("a number that was asked for stays") {
  Wire wire(3, 3, 100);
  wire.send(500);
  CHECK(wire.count.count() == 3);
}
