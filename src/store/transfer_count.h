// How many parts or ranges of objects travel at once.
#pragma once

#include <chrono>
#include <cstdint>

namespace tapster {

// Over a long wire one connection carries a window of bytes per round trip, and more connections carry more; on
// a near one a few are enough. Begins with `least`. While somebody waits for transfers, twice as many are tried, and
// stay if the bytes per second grew by a tenth; else the number is what it was, and the next trial is fifty transfers
// later. Never more than `most`. Not thread-safe.
class TransferCount {
 public:
  using Time = std::chrono::steady_clock::time_point;
  TransferCount(int least, int most) : most_(most), count_(least) {}

  int count() const noexcept { return count_; }
  // One is done, and what fills or empties the buffers waits for another, or does not.
  void done(Time now, std::uint64_t bytes, bool waited_for);

 private:
  void restart(Time now);

  int most_, count_;
  int before_ = 0;  // the count before the trial; 0: none is going on
  bool measuring_ = false;
  Time since_ = {};
  std::uint64_t bytes_ = 0;
  int transfers_ = 0, waits_ = 0;  // since then
  int rest_ = 0;                   // transfers until the next trial
  double rate_ = 0;                // bytes per second before the trial
};

}  // namespace tapster
