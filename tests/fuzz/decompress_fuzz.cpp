// Feeds arbitrary bytes to the decompressors: they may refuse them with an Error, nothing else.
// The first byte chooses the format, the second the size of the pieces.
#include <tapster/compression.h>
#include <tapster/error.h>

#include <algorithm>
#include <cstdint>

namespace {

// Ends a bomb: a few bytes may well stand for gigabytes.
class Limited final : public tapster::ByteSink {
 public:
  void write(tapster::Bytes data) override {
    written_ += data.size();
    if (written_ > std::size_t{4} << 20) throw tapster::error(tapster::ErrorKind::general, "enough");
  }
  void finish() override {}

 private:
  std::size_t written_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  if (size < 2) return 0;
  const auto compression = tapster::all_compressions()[input[0] % tapster::all_compressions().size()];
  const std::size_t largest = std::size_t{input[1]} * input[1] + 1;
  tapster::Bytes data = std::as_bytes(std::span(input + 2, size - 2));
  Limited limited;
  const auto decompressor = tapster::make_decompressor(compression, limited);
  try {
    while (!data.empty()) {
      const tapster::Bytes piece = data.first(std::min(data.size(), largest));
      decompressor->write(piece);
      data = data.subspan(piece.size());
    }
    decompressor->finish();
  } catch (const tapster::Error&) {  // as it should be
  }
  return 0;
}
