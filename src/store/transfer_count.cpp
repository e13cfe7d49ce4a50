#include "store/transfer_count.h"

#include <algorithm>

namespace tapster {
namespace {

constexpr int kTransfersOfEach = 2;  // that make a measurement
constexpr double kWorthMore = 1.1;
constexpr int kRest = 50;

}  // namespace

void TransferCount::done(Time now, std::uint64_t bytes, bool waited_for) {
  if (rest_ > 0) {
    --rest_;
    return;
  }
  if (before_ == 0 && count_ >= most_) return;
  if (!measuring_) return restart(now);
  bytes_ += bytes;
  waits_ += waited_for ? 1 : 0;
  if (++transfers_ < kTransfersOfEach * count_) return;
  // Neighbours that are slower than the store say nothing about it.
  const bool held_up = 2 * waits_ > transfers_;
  const double seconds = std::chrono::duration<double>(now - since_).count();
  const double rate = static_cast<double>(bytes_) / seconds;
  restart(now);
  if (!held_up || seconds <= 0) return;
  if (before_ != 0 && rate < kWorthMore * rate_) {
    count_ = before_;
    before_ = 0;
    measuring_ = false;
    rest_ = kRest;
    return;
  }
  rate_ = rate;
  before_ = 0;
  if (count_ < most_) {
    before_ = count_;
    count_ = std::min(2 * count_, most_);
    measuring_ = false;  // from the next one on, when the new ones are at work
  }
}

void TransferCount::restart(Time now) {
  measuring_ = true;
  since_ = now;
  bytes_ = 0;
  transfers_ = waits_ = 0;
}

}  // namespace tapster
