#include "store/cloud/retries.h"

#include "http/backoff.h"

#include <tapster/error.h>
#include <tapster/log.h>

namespace tapster {

void Retries::wait(std::string_view call, std::string_view reason, std::optional<Duration> asked) {
  const Duration pause = asked.value_or(backoff(attempt_));
  ++attempt_;
  log::info("{}: {}; attempt {} of {} follows in {} ms", call, reason, attempt_, most_, pause.count());
  clock_.sleep(pause, stop_);
  if (stop_.stop_requested()) throw Interrupted();
}

}  // namespace tapster
