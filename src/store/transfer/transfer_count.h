// How many parts or ranges of objects travel at once.
#pragma once

#include <chrono>
#include <cstdint>

namespace tapster {

// Decides between two numbers of transfers at once: `least`, with which it begins, and `most`. Over a wire with a long
// round trip, one connection carries only a window of bytes per round trip, so more connections carry more.
//
// It measures bytes per second with `least`. If the caller spent more than a quarter of that time waiting for
// transfers, it tries `most`. `most` stays if the rate grew by a tenth. Otherwise `least` is back, and the next trial
// comes fifty transfers later, the one after that a hundred transfers later, and so on: trials become rare where they
// never succeed.
//
// A connection is warm when it has finished one transfer: over a long wire, the first megabytes of a new connection
// take ten times as long as later ones. So a measurement begins only when all connections are warm. Not thread-safe.
class TransferCount {
 public:
  using Time = std::chrono::steady_clock::time_point;
  TransferCount(int least, int most) : least_(least), most_(most), count_(least) {}

  int count() const noexcept { return count_; }
  // A thread that fills or empties the buffers begins, and ends, to wait for a transfer. Several may wait at once.
  void wait_begins(Time now);
  void wait_ends(Time now);
  // A transfer of `bytes` was done. `warm` connections have done at least one so far.
  void done(Time now, std::uint64_t bytes, int warm);

 private:
  void restart(Time now);

  int least_, most_, count_;
  bool measuring_ = false;
  Time since_ = {};
  std::uint64_t bytes_ = 0;     // transferred since then
  int transfers_ = 0;           // done since then
  Time::duration waited_ = {};  // time since then in which a thread waited, without the wait that goes on
  int waiting_ = 0;             // threads that wait now
  Time waiting_since_ = {};
  int rest_ = 0;        // transfers until the next trial
  int next_rest_ = 50;  // transfers from the next failed trial to the one after it
  double rate_ = 0;     // measured with `least`, in bytes per second, while `most` is tried; else 0
};

}  // namespace tapster
