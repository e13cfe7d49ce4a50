// Writing and reading the headers of tar archives.
#include "data.h"
#include "tar/tar_header.h"
#include "tar/tar_reader.h"
#include "tar/tar_writer.h"

#include <benchmark/benchmark.h>

#include <string>

namespace {

using namespace tapster;

constexpr int kMembers = 1000;

TarMember relation(int number) {
  TarMember member;
  member.name = "base/16384/" + std::to_string(16385 + number);
  member.uid = member.gid = 999;
  member.user = member.group = "postgres";
  member.mtime = std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(1763683200123456789));
  return member;
}

struct Collector final : ByteSink {
  void write(Bytes data) override { text.append(reinterpret_cast<const char*>(data.data()), data.size()); }
  void finish() override {}
  std::string text;
};

struct Counter final : TarVisitor {
  void begin(const TarMember& member) override { names += member.name.size(); }
  void content(Bytes) override {}
  void end() override {}
  std::size_t names = 0;
};

void write_archive(ByteSink& sink) {
  TarWriter writer(sink);
  for (int number = 0; number < kMembers; ++number) {
    writer.begin(relation(number));
    writer.end();
  }
  writer.finish();
}

// A member's pax record and header.
void tar_header(benchmark::State& state) {
  const TarMember member = relation(1);
  std::string out;
  for (auto step : state) {
    out.clear();
    append_tar_header(out, member);
    benchmark::DoNotOptimize(out.data());
  }
}

void tar_write(benchmark::State& state) {
  for (auto step : state) {
    NullSink nowhere;
    write_archive(nowhere);
  }
  state.SetItemsProcessed(state.iterations() * kMembers);
}

void tar_read(benchmark::State& state) {
  Collector archive;
  write_archive(archive);
  for (auto step : state) {
    Counter counter;
    TarReader reader(counter);
    micro::feed(reader, archive.text);
    benchmark::DoNotOptimize(counter.names);
  }
  state.SetItemsProcessed(state.iterations() * kMembers);
}

BENCHMARK(tar_header);
BENCHMARK(tar_write);
BENCHMARK(tar_read);

}  // namespace
