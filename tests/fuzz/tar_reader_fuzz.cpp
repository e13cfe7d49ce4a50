// Feeds arbitrary bytes to the reader of tar archives: it may refuse them with an Error, nothing else. The first byte
// is the size of the pieces; checksums of what looks like a header are made right, or nothing would get past them.
#include "tar/tar_reader.h"

#include <tapster/error.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

namespace {

constexpr std::size_t kBlock = 512, kChecksum = 148, kChecksumSize = 8;

class Counter final : public tapster::TarVisitor {
 public:
  void begin(const tapster::TarMember& member) override { expected_ = member.size; }
  void content(tapster::Bytes data) override {
    if (data.size() > expected_) __builtin_trap();
    expected_ -= data.size();
  }
  void end() override {}

 private:
  std::uint64_t expected_ = 0;
};

void correct_checksum(std::byte* block) {
  std::memset(block + kChecksum, ' ', kChecksumSize);
  unsigned sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) sum += std::to_integer<unsigned>(block[i]);
  std::snprintf(reinterpret_cast<char*>(block + kChecksum), kChecksumSize, "%06o", sum);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t largest = std::size_t{input[0]} * 8 + 1;
  const tapster::Bytes given = std::as_bytes(std::span(input + 1, size - 1));
  std::vector<std::byte> archive(given.begin(), given.end());
  for (std::size_t i = 0; i + kBlock <= archive.size(); i += kBlock) {
    if (archive[i] != std::byte{0} && archive[i + kChecksum] != std::byte{0}) correct_checksum(archive.data() + i);
  }
  Counter counter;
  tapster::TarReader reader(counter);
  tapster::Bytes data = archive;
  try {
    while (!data.empty()) {
      const tapster::Bytes piece = data.first(std::min(data.size(), largest));
      reader.write(piece);
      data = data.subspan(piece.size());
    }
    reader.finish();
  } catch (const tapster::Error&) {  // as it should be
  }
  return 0;
}
