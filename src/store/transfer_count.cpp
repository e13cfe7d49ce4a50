#include "store/transfer_count.h"

namespace tapster {
namespace {

constexpr int kTransfersOfEach = 2;  // that make a measurement
constexpr double kWorthMore = 1.1;

}  // namespace

void TransferCount::done(Time now, std::uint64_t bytes, bool waited_for, int warm) {
  if (rest_ > 0) {
    --rest_;
    return;
  }
  const bool trial = rate_ != 0;
  if (!trial && count_ >= most_) return;
  if (!measuring_) {
    if (warm >= count_) restart(now);
    return;
  }
  bytes_ += bytes;
  waits_ += waited_for ? 1 : 0;
  if (++transfers_ < kTransfersOfEach * count_) return;
  // Neighbours that are slower than the store say nothing about it.
  const bool held_up = 2 * waits_ > transfers_;
  const double seconds = std::chrono::duration<double>(now - since_).count();
  const double rate = static_cast<double>(bytes_) / seconds;
  restart(now);
  if (!held_up || seconds <= 0) return;
  measuring_ = false;
  if (!trial) {
    rate_ = rate;
    count_ = most_;
    return;
  }
  if (rate < kWorthMore * rate_) {
    count_ = least_;
    rest_ = next_rest_;
    next_rest_ *= 2;
  }
  rate_ = 0;
}

void TransferCount::restart(Time now) {
  measuring_ = true;
  since_ = now;
  bytes_ = 0;
  transfers_ = waits_ = 0;
}

}  // namespace tapster
