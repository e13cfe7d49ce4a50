#include "store/transfer/transfer_count.h"

namespace tapster {
namespace {

constexpr int kTransfersOfEach = 2;  // transfers of each connection that make a measurement
constexpr double kWorthMore = 1.1;
constexpr double kHeldUp = 0.25;  // the share of the time spent waiting from which on a trial is worth it

}  // namespace

void TransferCount::wait_begins(Time now) {
  if (waiting_++ == 0) waiting_since_ = now;
}

void TransferCount::wait_ends(Time now) {
  if (--waiting_ == 0) waited_ += now - waiting_since_;
}

void TransferCount::done(Time now, std::uint64_t bytes, int warm) {
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
  if (++transfers_ < kTransfersOfEach * count_) return;
  const auto seconds_of = [](Time::duration time) { return std::chrono::duration<double>(time).count(); };
  const double seconds = seconds_of(now - since_);
  if (waiting_ > 0) waited_ += now - waiting_since_;
  // Without much waiting something else than the transfers is slow, and their rate says nothing about the store. The
  // time is counted, and not the waits: transfers that began together end together, and the first ends the wait.
  const bool held_up = seconds_of(waited_) > kHeldUp * seconds;
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
  transfers_ = 0;
  waited_ = {};
  waiting_since_ = now;
}

}  // namespace tapster
