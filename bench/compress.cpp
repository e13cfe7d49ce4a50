// What compressing a backup costs: speed, ratio and memory of every codec, without reading and sending.
//
//   bench-compress FILE [CODEC] [THREADS] [LEVEL]
//
// Reads FILE into memory, compresses it with each codec (or CODEC) on THREADS threads (2) at LEVEL (medium),
// and prints a line for each. Peak memory is that of the process, less the file: run one codec to see its own.
#include "codec/backup_compressor.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

using namespace tapster;

struct Counter final : ByteSink {
  void write(Bytes data) override { bytes += data.size(); }
  void finish() override {}
  std::uint64_t bytes = 0;
};

double seconds_of_processor() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void measure(Compression compression, CompressionLevel level, int threads, const std::string& data) {
  constexpr std::size_t kPiece = 64 * 1024;  // of what the tar writer hands on
  const auto begin = std::chrono::steady_clock::now();
  const double processor = seconds_of_processor();
  Counter counter;
  const auto sink = make_backup_compressor(compression, level, threads, counter);
  for (std::size_t at = 0; at < data.size(); at += kPiece) {
    sink->write(std::as_bytes(std::span(data.data() + at, std::min(kPiece, data.size() - at))));
  }
  sink->finish();
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double size = static_cast<double>(data.size());
  std::printf("%-7s %d threads  %7.1f MB/s  %6.2f ns of processor per byte  %10ju bytes  ratio %6.3f  peak %5.1f MiB\n",
              std::string(name_of(compression)).c_str(), threads, size / time.count() / 1e6,
              (seconds_of_processor() - processor) / size * 1e9, static_cast<std::uintmax_t>(counter.bytes),
              size / static_cast<double>(counter.bytes),
              static_cast<double>(usage.ru_maxrss) / 1024 - size / (1 << 20));
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments, arguments + count);
  if (words.size() < 2) {
    static_cast<void>(std::fputs("usage: bench-compress FILE [CODEC] [THREADS] [LEVEL]\n", stderr));
    return 3;
  }
  std::ifstream file(words[1], std::ios::binary | std::ios::ate);
  std::string data(static_cast<std::size_t>(std::max<std::streamoff>(file.tellg(), 0)), '\0');
  file.seekg(0);
  if (!file.read(data.data(), static_cast<std::streamsize>(data.size()))) {
    static_cast<void>(std::fprintf(stderr, "cannot read %s\n", words[1].c_str()));
    return 4;
  }
  const int threads = words.size() > 3 ? std::stoi(words[3]) : 2;
  const auto level = CompressionLevel::parse(words.size() > 4 ? words[4] : "");
  for (const Compression compression : {Compression::none, Compression::gzip, Compression::zstd, Compression::lz4,
                                        Compression::snappy, Compression::bzip2}) {
    if (words.size() > 2 && words[2] != name_of(compression)) continue;
    measure(compression, level.value_or(CompressionLevel()), threads, data);
  }
  return 0;
}
