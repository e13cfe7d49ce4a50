#include "backup/take/copy_stats.h"

#include "support/catch.h"

using namespace tapster;
using namespace std::chrono_literals;

TEST_CASE("copy_stats has the original's keys, in its order, in seconds to the microsecond") {
  const std::chrono::steady_clock::time_point start{};
  CopyTimes times;
  times.began = start;
  times.ended = start + 4084621us;
  times.jobs = 2;
  times.series.push_back({"16385", {start + 100ms, start + 254202us, 106220us + 400ns, 1000, 1}});
  times.series.push_back({"data", {start + 200ms, start + 3863364us, 6102770us, 1000, 2}});
  CHECK(copy_stats(times).text() ==
        "{'total_time': 4.084621, 'number_of_workers': 2, 'analysis_time': 0, 'analysis_time_per_item': {'16385': 0, "
        "'data': 0}, 'copy_time_per_item': {'16385': 0.154202, 'data': 3.663364}, 'serialized_copy_time_per_item': "
        "{'16385': 0.10622, 'data': 6.10277}, 'copy_time': 3.763364, 'serialized_copy_time': 6.20899}");
}
