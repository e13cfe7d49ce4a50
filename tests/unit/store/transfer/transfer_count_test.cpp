#include "store/transfer/transfer_count.h"

#include "support/catch.h"

#include <algorithm>
#include <set>
#include <vector>

using namespace tapster;

namespace {

TransferCount::Time at(double seconds) {
  return TransferCount::Time(
      std::chrono::duration_cast<TransferCount::Time::duration>(std::chrono::duration<double>(seconds)));
}

// A wire on which `carried` connections are of use: each moves a part in a second, and beyond them all share. What a
// new connection moves first takes it `cold` seconds.
struct Wire {
  Wire(int least, int most, int carried, double cold = 1) : count(least, most), carried(carried), cold(cold) {}

  void send(int parts, bool waited_for = true) {
    if (waited_for) count.wait_begins(at(now));
    for (int i = 0; i < parts; ++i) {
      const auto open = static_cast<std::size_t>(count.count());
      while (ends.size() < open) ends.push_back(now + cold);
      const auto next = std::min_element(ends.begin(), ends.begin() + count.count());
      const auto which = static_cast<std::size_t>(next - ends.begin());
      now = std::max(now, *next);
      *next = now + std::max(1.0, static_cast<double>(count.count()) / carried);
      warm.insert(which);
      count.done(at(now), 1000, static_cast<int>(warm.size()));
    }
    if (waited_for) count.wait_ends(at(now));
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

// All that are on their way end at the same moment, every second. For `waited` of each second the neighbour had nothing
// to do, until the first of them ended.
int count_after_bursts(double waited, int bursts) {
  TransferCount count(4, 8);
  for (int burst = 1; burst <= bursts; ++burst) {
    count.wait_begins(at(burst - waited));
    count.done(at(burst), 1000, 8);
    count.wait_ends(at(burst));
    for (int i = count.count(); i > 1; --i) count.done(at(burst), 1000, 8);
  }
  return count.count();
}

TEST_CASE("what counts is how long transfers are waited for, not how many of them", "[store][transfers]") {
  CHECK(count_after_bursts(0.9, 50) == 8);
  CHECK(count_after_bursts(0.1, 50) == 4);
}

TEST_CASE("several that wait at once are as one", "[store][transfers]") {
  TransferCount count(4, 8);
  for (int burst = 1; burst <= 50; ++burst) {  // each of five waits for a tenth, the same
    for (int i = 0; i < 5; ++i) count.wait_begins(at(burst - 0.1));
    for (int i = count.count(); i > 0; --i) count.done(at(burst), 1000, 8);
    for (int i = 0; i < 5; ++i) count.wait_ends(at(burst));
  }
  CHECK(count.count() == 4);
}

TEST_CASE("a number that was asked for stays") {
  Wire wire(3, 3, 100);
  wire.send(500);
  CHECK(wire.count.count() == 3);
}
