#include "store/transfer_count.h"

#include "support/catch.h"

#include <algorithm>
#include <set>
#include <vector>

using namespace tapster;

namespace {

// A wire on which `carried` connections are of use: each moves a part in a second, and beyond them all share. What a
// new connection moves first takes it `cold` seconds.
struct Wire {
  Wire(int least, int most, int carried, double cold = 1) : count(least, most), carried(carried), cold(cold) {}

  void send(int parts, bool waited_for = true) {
    for (int i = 0; i < parts; ++i) {
      const auto open = static_cast<std::size_t>(count.count());
      while (ends.size() < open) ends.push_back(now + cold);
      const auto next = std::min_element(ends.begin(), ends.begin() + count.count());
      const auto which = static_cast<std::size_t>(next - ends.begin());
      now = std::max(now, *next);
      *next = now + std::max(1.0, static_cast<double>(count.count()) / carried);
      warm.insert(which);
      count.done(TransferCount::Time(
                     std::chrono::duration_cast<TransferCount::Time::duration>(std::chrono::duration<double>(now))),
                 1000, waited_for, static_cast<int>(warm.size()));
    }
  }

  TransferCount count;
  int carried;
  double cold, now = 0;
  std::vector<double> ends;  // of what each connection moves
  std::set<std::size_t> warm;
};

}  // namespace

TEST_CASE("more connections stay where they bring more", "[store][transfers]") {
  Wire wire(2, 6, 100);
  wire.send(30);
  CHECK(wire.count.count() == 6);
}

TEST_CASE("connections that are new do not spoil the trial", "[store][transfers]") {
  Wire wire(2, 6, 100, 9);
  wire.send(50);
  CHECK(wire.count.count() == 6);
  wire.send(100);
  CHECK(wire.count.count() == 6);
}

TEST_CASE("more connections that bring nothing go again, until the next trial", "[store][transfers]") {
  Wire wire(2, 6, 2, 3);
  wire.send(40);
  CHECK(wire.count.count() == 2);
  wire.carried = 6;  // the wire got better
  wire.send(100);
  CHECK(wire.count.count() == 6);
}

TEST_CASE("trials that bring nothing become rare", "[store][transfers]") {
  Wire wire(2, 6, 2);
  int with_more = 0;
  for (int i = 0; i < 10'000; ++i) {
    wire.send(1);
    with_more += wire.count.count() > 2 ? 1 : 0;
  }
  CHECK(with_more > 0);
  CHECK(with_more < 300);
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
