// Every codec at its default level, over a segment, in one thread. `ratio` is the segment's size by the compressed one.
#include "data.h"

#include <tapster/compression.h>

#include <benchmark/benchmark.h>

#include <string>

namespace {

using namespace tapster;

struct Collector final : ByteSink {
  void write(Bytes data) override { text.append(reinterpret_cast<const char*>(data.data()), data.size()); }
  void finish() override {}
  std::string text;
};

std::string compressed(Compression compression) {
  Collector collector;
  micro::feed(*make_compressor(compression, {}, collector, micro::kSegment), micro::wal_data());
  return collector.text;
}

void compress(benchmark::State& state, Compression compression) {
  for (auto step : state) {
    NullSink nowhere;
    micro::feed(*make_compressor(compression, {}, nowhere, micro::kSegment), micro::wal_data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * micro::kSegment));
  state.counters["ratio"] = static_cast<double>(micro::kSegment) / static_cast<double>(compressed(compression).size());
}

void decompress(benchmark::State& state, Compression compression) {
  const std::string data = compressed(compression);
  for (auto step : state) {
    NullSink nowhere;
    micro::feed(*make_decompressor(compression, nowhere), data);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * micro::kSegment));
}

const bool kRegistered = [] {
  for (const Compression compression : all_compressions()) {
    const std::string name(name_of(compression));
    // By several threads: that of this one would be little.
    benchmark::RegisterBenchmark(("compress/" + name).c_str(), compress, compression)
        ->MeasureProcessCPUTime()
        ->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark(("decompress/" + name).c_str(), decompress, compression)
        ->Unit(benchmark::kMillisecond);
  }
  return true;
}();

}  // namespace
