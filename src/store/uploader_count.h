// How many parts are uploaded at once.
#pragma once

#include <chrono>
#include <cstdint>

namespace tapster {

// Over a long wire one connection carries a window of bytes per round trip, and more connections carry more; on
// a near one two are enough. Begins with `least`. While writers wait for uploaders, one more is tried, and stays if
// the bytes per second grew by a tenth; else it goes again, and the next trial is a hundred parts later. Never more
// than `most`. Not thread-safe.
class UploaderCount {
 public:
  using Time = std::chrono::steady_clock::time_point;
  UploaderCount(int least, int most) : most_(most), count_(least) {}

  int count() const noexcept { return count_; }
  // A part is stored, and a writer waits for an uploader, or does not.
  void stored(Time now, std::uint64_t bytes, bool writer_waits);

 private:
  void restart(Time now);

  int most_, count_;
  bool measuring_ = false, trying_ = false;
  Time since_ = {};
  std::uint64_t bytes_ = 0;
  int parts_ = 0, waits_ = 0;  // since then
  int rest_ = 0;               // parts until the next trial
  double rate_ = 0;            // bytes per second before the trial
};

}  // namespace tapster
