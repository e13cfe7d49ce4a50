// Digests and checksums over a segment.
#include "codec/crc.h"
#include "crypto/digest.h"
#include "data.h"

#include <benchmark/benchmark.h>

namespace {

using namespace tapster;

template <typename Hash>
void over_a_segment(benchmark::State& state, Hash hash) {
  const Bytes data = micro::bytes_of(micro::wal_data());
  for (auto step : state) benchmark::DoNotOptimize(hash(data));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * data.size()));
}

BENCHMARK_CAPTURE(over_a_segment, sha256, [](Bytes data) { return sha256(data); });
BENCHMARK_CAPTURE(over_a_segment, md5, [](Bytes data) { return md5(data); });
BENCHMARK_CAPTURE(over_a_segment, sha1, [](Bytes data) { return sha1(data); });
BENCHMARK_CAPTURE(over_a_segment, crc32, [](Bytes data) { return crc32(0, data); });
BENCHMARK_CAPTURE(over_a_segment, crc32c, [](Bytes data) { return crc32c(0, data); });
BENCHMARK_CAPTURE(over_a_segment, crc32c_by_table, [](Bytes data) { return crc_by_table::crc32c(0, data); });
BENCHMARK_CAPTURE(over_a_segment, crc64nvme, [](Bytes data) { return crc64nvme(0, data); });
BENCHMARK_CAPTURE(over_a_segment, crc64nvme_by_table, [](Bytes data) { return crc_by_table::crc64nvme(0, data); });

}  // namespace
