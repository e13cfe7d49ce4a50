// lz4 (lz4_Frame_format.md of the lz4 project): writes one frame of linked blocks of 64 KiB without checksums, reads
// any frames.
#include "codec/codec.h"
#include "codec/codec_sink.h"

#include <tapster/error.h>

#include <lz4frame.h>

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

namespace tapster {
namespace {

struct FreeLz4 {
  void operator()(LZ4F_cctx* context) const { LZ4F_freeCompressionContext(context); }
  void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};

// Not a CodecSink: liblz4's compressor needs an output of a minimal size.
class Lz4Compressor final : public ByteSink {
 public:
  Lz4Compressor(int level, ByteSink& next, ContentSize content_size) : next_(next) {
    preferences_.compressionLevel = level;  // liblz4 treats levels above 12 as 12
    preferences_.frameInfo.blockSizeID = LZ4F_max64KB;
    preferences_.frameInfo.blockMode = LZ4F_blockLinked;
    preferences_.frameInfo.contentSize = content_size.value_or(0);
    LZ4F_cctx* context = nullptr;
    if (LZ4F_isError(LZ4F_createCompressionContext(&context, LZ4F_VERSION))) throw std::bad_alloc();
    context_.reset(context);
    output_.resize(std::max<std::size_t>(LZ4F_compressBound(kBlock, &preferences_), LZ4F_HEADER_SIZE_MAX));
  }

  void write(Bytes data) override {
    begin();
    while (!data.empty()) {
      const Bytes block = data.first(std::min(data.size(), kBlock));
      data = data.subspan(block.size());
      write_out(
          LZ4F_compressUpdate(context_.get(), output_.data(), output_.size(), block.data(), block.size(), nullptr));
    }
  }

  void finish() override {
    begin();
    write_out(LZ4F_compressEnd(context_.get(), output_.data(), output_.size(), nullptr));
    next_.finish();
  }

 private:
  static constexpr std::size_t kBlock = 64 * 1024;

  void begin() {
    if (std::exchange(begun_, true)) return;
    write_out(LZ4F_compressBegin(context_.get(), output_.data(), output_.size(), &preferences_));
  }

  void write_out(std::size_t result) {
    if (LZ4F_isError(result))
      throw error(ErrorKind::general, "cannot compress with lz4: {}", LZ4F_getErrorName(result));
    if (result != 0) next_.write({output_.data(), result});
  }

  ByteSink& next_;
  LZ4F_preferences_t preferences_{};
  std::unique_ptr<LZ4F_cctx, FreeLz4> context_;
  std::vector<std::byte> output_;
  bool begun_ = false;
};

class Lz4Decompressor final : public CodecSink {
 public:
  explicit Lz4Decompressor(ByteSink& next) : CodecSink(Compression::lz4, next) {
    LZ4F_dctx* context = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) throw std::bad_alloc();
    context_.reset(context);
  }

 private:
  Progress step(Bytes in, std::span<std::byte> out) override {
    if (in.empty() && between_frames_) return {};
    std::size_t consumed = in.size(), produced = out.size();
    const std::size_t result = LZ4F_decompress(context_.get(), out.data(), &produced, in.data(), &consumed, nullptr);
    if (LZ4F_isError(result)) throw_damaged(LZ4F_getErrorName(result));
    between_frames_ = result == 0;
    return {consumed, produced};
  }

  Progress end(std::span<std::byte>) override {
    if (!between_frames_) throw_truncated();
    return {.ended = true};
  }

  std::unique_ptr<LZ4F_dctx, FreeLz4> context_;
  bool between_frames_ = false;
};

}  // namespace

std::unique_ptr<ByteSink> make_lz4_compressor(int level, ByteSink& next, ContentSize content_size) {
  return std::make_unique<Lz4Compressor>(level, next, content_size);
}

std::unique_ptr<ByteSink> make_lz4_decompressor(ByteSink& next) { return std::make_unique<Lz4Decompressor>(next); }

}  // namespace tapster
