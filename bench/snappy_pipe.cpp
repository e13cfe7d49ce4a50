// Snappy's framing format as a filter, because no command line has it:
//
//   snappy-pipe     compresses standard input
//   snappy-pipe -d  decompresses it
#include <tapster/byte_sink.h>
#include <tapster/compression.h>

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace {

class Output final : public tapster::ByteSink {
 public:
  void write(tapster::Bytes data) override {
    while (!data.empty()) {
      const auto count = ::write(STDOUT_FILENO, data.data(), data.size());
      if (count < 0) throw std::runtime_error("cannot write to standard output");
      data = data.subspan(static_cast<std::size_t>(count));
    }
  }
  void finish() override {}
};

int run(bool decompress) {
  Output output;
  const auto codec = decompress ? tapster::make_decompressor(tapster::Compression::snappy, output)
                                : tapster::make_compressor(tapster::Compression::snappy, {}, output);
  std::vector<std::byte> buffer(1 << 20);
  for (;;) {
    const auto count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count < 0) throw std::runtime_error("cannot read standard input");
    if (count == 0) break;
    codec->write({buffer.data(), static_cast<std::size_t>(count)});
  }
  codec->finish();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc > 1 && std::string_view(argv[1]) == "-d");
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "snappy-pipe: %s\n", problem.what());
    return 4;
  }
}
