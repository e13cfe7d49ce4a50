#include "backup/take/copy_stats.h"

#include <algorithm>
#include <cmath>

namespace tapster {
namespace {

using Seconds = std::chrono::duration<double>;
constexpr double kMicroseconds = 1e6;

double rounded(Seconds duration) { return std::round(duration.count() * kMicroseconds) / kMicroseconds; }

}  // namespace

Literal copy_stats(const CopyTimes& times) {
  Literal::Dict analysis;
  Literal::Dict copy;
  Literal::Dict serialized;
  Seconds busy{0};
  auto first = times.began;
  auto last = times.began;
  if (!times.series.empty()) {
    first = times.series.front().second.began;
    last = times.series.front().second.ended;
  }
  for (const auto& [name, statistics] : times.series) {
    analysis.items.emplace_back(name, 0);
    copy.items.emplace_back(name, rounded(statistics.ended - statistics.began));
    serialized.items.emplace_back(name, rounded(statistics.busy));
    busy += statistics.busy;
    first = std::min(first, statistics.began);
    last = std::max(last, statistics.ended);
  }
  Literal::Dict stats;
  const auto add = [&stats](const char* name, Literal value) { stats.items.emplace_back(name, std::move(value)); };
  add("total_time", rounded(times.ended - times.began));
  add("number_of_workers", times.jobs);
  add("analysis_time", 0);
  add("analysis_time_per_item", std::move(analysis));
  add("copy_time_per_item", std::move(copy));
  add("serialized_copy_time_per_item", std::move(serialized));
  add("copy_time", rounded(last - first));
  add("serialized_copy_time", rounded(busy));
  return stats;
}

}  // namespace tapster
