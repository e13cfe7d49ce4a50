// lz4 with several threads: one frame (lz4_Frame_format.md of the lz4 project) of independent blocks of 1 MiB, without
// checksums.
#include "base/little_endian.h"
#include "codec/codec.h"
#include "codec/parallel/parallel_block_sink.h"

#include <tapster/error.h>

#include <lz4.h>
#include <lz4frame.h>
#include <lz4hc.h>

#include <array>
#include <cstring>

namespace tapster {
namespace {

constexpr std::size_t kBlock = 1024 * 1024;  // blocks of 4 MiB save 0.1 % of the size and cost four times the memory
constexpr std::size_t kSizeField = 4;
constexpr std::uint32_t kStoredBlock = 0x80000000;  // flag in the size field: the block is not compressed

class Lz4BlockCompressor final : public BlockCompressor {
 public:
  explicit Lz4BlockCompressor(int level)
      : level_(level), state_(static_cast<std::size_t>(slow() ? LZ4_sizeofStateHC() : LZ4_sizeofState())) {}

  CompressedBlock compress(Bytes block, std::span<std::byte> out) override {
    std::byte* const body = out.data() + kSizeField;
    const auto* const in = reinterpret_cast<const char*>(block.data());
    const int size = static_cast<int>(block.size());
    // With less room than the original needs, the result 0 says that the block does not shrink.
    constexpr int kNoAcceleration = 1;
    const int compressed =
        slow() ? LZ4_compress_HC_extStateHC(state_.data(), in, reinterpret_cast<char*>(body), size, size - 1, level_)
               : LZ4_compress_fast_extState(state_.data(), in, reinterpret_cast<char*>(body), size, size - 1,
                                            kNoAcceleration);
    if (compressed > 0) {
      store_little_endian<kSizeField>(out.data(), static_cast<std::uint32_t>(compressed));
      return {block.size(), kSizeField + static_cast<std::size_t>(compressed), 0};
    }
    store_little_endian<kSizeField>(out.data(), static_cast<std::uint32_t>(block.size()) | kStoredBlock);
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
  std::size_t max_compressed_size() const override { return kSizeField + kBlock; }
  std::unique_ptr<BlockCompressor> make_compressor() const override {
    return std::make_unique<Lz4BlockCompressor>(level_);
  }

  std::vector<std::byte> header(bool) override {
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
  std::vector<std::byte> trailer() override { return std::vector<std::byte>(kSizeField); }  // a block of size 0

 private:
  int level_;
};

}  // namespace

std::unique_ptr<ByteSink> make_parallel_lz4_compressor(int level, int threads, ByteSink& next) {
  return make_parallel_block_sink(std::make_unique<Lz4Blocks>(level), threads, kSpareBlocks, next);
}

}  // namespace tapster
