// copy_stats of backup.info: how long the copy took, as the original records it (seconds, to the microsecond).
#pragma once

#include "backup/copy/archive_series.h"

#include <tapster/literal.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace tapster {

struct CopyTimes {
  std::chrono::steady_clock::time_point began, ended;  // of everything, completion included
  int jobs = 0;
  std::vector<std::pair<std::string, SeriesStatistics>> series;  // "16385", "data", in the order of their beginning
};

Literal copy_stats(const CopyTimes& times);

}  // namespace tapster
