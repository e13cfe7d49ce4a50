// How many parts or ranges of objects travel at once.
#pragma once

#include <chrono>
#include <cstdint>

namespace tapster {

// Over a long wire one connection carries a window of bytes per round trip, and more connections carry more. Begins
// with `least`. When somebody waited for transfers for a quarter of the time, `most` are tried, and stay if the bytes
// per second grew by a tenth; else it is `least` again, and the next trial is fifty transfers later, the one after that
// a hundred, and so on: where more never pays, trying becomes rare. What is measured begins when all that transfer are
// warm: a new connection takes ten times as long for its first megabytes as it does later, over a long wire. Not
// thread-safe.
class TransferCount {
 public:
  using Time = std::chrono::steady_clock::time_point;
  TransferCount(int least, int most) : least_(least), most_(most), count_(least) {}

  int count() const noexcept { return count_; }
  // What fills or empties the buffers waits for a transfer, and no longer does. There may be several that do.
  void wait_begins(Time now);
  void wait_ends(Time now);
  // One is done. So many are `warm`: have done one.
  void done(Time now, std::uint64_t bytes, int warm);

 private:
  void restart(Time now);

  int least_, most_, count_;
  bool measuring_ = false;
  Time since_ = {};
  std::uint64_t bytes_ = 0;     // since then
  int transfers_ = 0;           // likewise
  Time::duration waited_ = {};  // likewise, by one at least, but for the wait that goes on
  int waiting_ = 0;             // now
  Time waiting_since_ = {};
  int rest_ = 0;        // transfers until the next trial
  int next_rest_ = 50;  // after it, when it fails
  double rate_ = 0;     // of `least`, in bytes per second; 0: there is no trial
};

}  // namespace tapster
