// lz4 of several threads: one frame of independent blocks of 1 MiB, without checksums, as the format's
// description (lz4_Frame_format.md) has it.
#include "codec/block_format.h"

#include <tapster/error.h>

#include <lz4.h>
#include <lz4frame.h>
#include <lz4hc.h>

#include <array>
#include <cstring>

namespace tapster {
namespace {

constexpr std::size_t kBlock = 1024 * 1024;  // against 4 MiB: 0.1 % of size for a quarter of the memory
constexpr std::size_t kSizeField = 4;
constexpr std::uint32_t kStoredBlock = 0x80000000;

void store_little(std::byte* to, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<std::byte>(value >> (8 * i));
}

class Lz4Worker final : public BlockWorker {
 public:
  explicit Lz4Worker(int level)
      : level_(level), state_(static_cast<std::size_t>(slow() ? LZ4_sizeofStateHC() : LZ4_sizeofState())) {}

  PackedBlock pack(Bytes block, std::span<std::byte> out) override {
    std::byte* const body = out.data() + kSizeField;
    const auto* const in = reinterpret_cast<const char*>(block.data());
    const int size = static_cast<int>(block.size());
    // No more room than what stays a gain: 0 tells that it would not be one.
    constexpr int kNoAcceleration = 1;
    const int packed =
        slow() ? LZ4_compress_HC_extStateHC(state_.data(), in, reinterpret_cast<char*>(body), size, size - 1, level_)
               : LZ4_compress_fast_extState(state_.data(), in, reinterpret_cast<char*>(body), size, size - 1,
                                            kNoAcceleration);
    if (packed > 0) {
      store_little(out.data(), static_cast<std::uint32_t>(packed));
      return {block.size(), kSizeField + static_cast<std::size_t>(packed), 0};
    }
    store_little(out.data(), static_cast<std::uint32_t>(block.size()) | kStoredBlock);
    std::memcpy(body, block.data(), block.size());
    return {block.size(), kSizeField + block.size(), 0};
  }

 private:
  bool slow() const { return level_ >= LZ4HC_CLEVEL_MIN; }

  int level_;
  std::vector<char> state_;
};

class Lz4Blocks final : public BlockFormat {
 public:
  explicit Lz4Blocks(int level) : level_(level) {}

  std::size_t block_size() const override { return kBlock; }
  std::size_t bound() const override { return kSizeField + kBlock; }
  std::unique_ptr<BlockWorker> make_worker() const override { return std::make_unique<Lz4Worker>(level_); }

  std::vector<std::byte> begin(bool) override {
    LZ4F_preferences_t preferences{};
    preferences.frameInfo.blockSizeID = LZ4F_max1MB;
    preferences.frameInfo.blockMode = LZ4F_blockIndependent;
    LZ4F_cctx* context = nullptr;
    if (LZ4F_isError(LZ4F_createCompressionContext(&context, LZ4F_VERSION))) throw std::bad_alloc();
    std::vector<std::byte> header(LZ4F_HEADER_SIZE_MAX);
    const std::size_t size = LZ4F_compressBegin(context, header.data(), header.size(), &preferences);
    LZ4F_freeCompressionContext(context);
    if (LZ4F_isError(size)) throw error(ErrorKind::general, "cannot compress with lz4: {}", LZ4F_getErrorName(size));
    header.resize(size);
    return header;
  }
  std::vector<std::byte> end() override { return std::vector<std::byte>(kSizeField); }  // a block of size 0

 private:
  int level_;
};

}  // namespace

std::unique_ptr<BlockFormat> make_lz4_blocks(int level) { return std::make_unique<Lz4Blocks>(level); }

}  // namespace tapster
