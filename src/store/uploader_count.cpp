#include "store/uploader_count.h"

namespace tapster {
namespace {

constexpr int kPartsPerUploader = 3;  // that make a measurement
constexpr double kWorthOneMore = 1.1;
constexpr int kRest = 100;

}  // namespace

void UploaderCount::stored(Time now, std::uint64_t bytes, bool writer_waits) {
  if (rest_ > 0) {
    --rest_;
    return;
  }
  if (!trying_ && count_ >= most_) return;
  if (!measuring_) return restart(now);
  bytes_ += bytes;
  waits_ += writer_waits ? 1 : 0;
  if (++parts_ < kPartsPerUploader * count_) return;
  // Writers that are slower than the store say nothing about it.
  const bool held_up = 2 * waits_ > parts_;
  const double seconds = std::chrono::duration<double>(now - since_).count();
  const double rate = static_cast<double>(bytes_) / seconds;
  restart(now);
  if (!held_up || seconds <= 0) return;
  if (trying_ && rate < kWorthOneMore * rate_) {
    trying_ = measuring_ = false;
    --count_;
    rest_ = kRest;
    return;
  }
  rate_ = rate;
  trying_ = count_ < most_;
  if (trying_) {
    ++count_;
    measuring_ = false;  // from the next part on, when the new one is at work
  }
}

void UploaderCount::restart(Time now) {
  measuring_ = true;
  since_ = now;
  bytes_ = 0;
  parts_ = waits_ = 0;
}

}  // namespace tapster
