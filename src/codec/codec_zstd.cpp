// zstd (RFC 8878): writes one frame without checksum and content size, reads any frames.
#include "codec/codec.h"
#include "codec/codec_sink.h"

#include <tapster/error.h>

#include <zstd.h>

#include <new>

namespace tapster {
namespace {

struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

class ZstdCompressor final : public CodecSink {
 public:
  ZstdCompressor(int level, ByteSink& next, ContentSize content_size)
      : CodecSink(Compression::zstd, next), context_(ZSTD_createCCtx()) {
    if (!context_) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 0);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_contentSizeFlag, 0);
    // The frame does not record the size, but the tables become small for a small file.
    if (content_size) ZSTD_CCtx_setPledgedSrcSize(context_.get(), *content_size);
  }

 private:
  Progress step(Bytes in, std::span<std::byte> out) override { return run(ZSTD_e_continue, in, out); }
  Progress end(std::span<std::byte> out) override { return run(ZSTD_e_end, {}, out); }

  Progress run(ZSTD_EndDirective directive, Bytes in, std::span<std::byte> out) {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t result = ZSTD_compressStream2(context_.get(), &output, &input, directive);
    if (ZSTD_isError(result))
      throw error(ErrorKind::general, "cannot compress with zstd: {}", ZSTD_getErrorName(result));
    return {input.pos, output.pos, result == 0};
  }

  std::unique_ptr<ZSTD_CCtx, FreeZstd> context_;
};

class ZstdDecompressor final : public CodecSink {
 public:
  explicit ZstdDecompressor(ByteSink& next) : CodecSink(Compression::zstd, next), context_(ZSTD_createDCtx()) {
    if (!context_) throw std::bad_alloc();
    constexpr int kWindowLog = 27;  // 128 MiB: the default limit of the zstd tool
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLog);
  }

 private:
  Progress step(Bytes in, std::span<std::byte> out) override {
    if (in.empty() && between_frames_) return {};
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t result = ZSTD_decompressStream(context_.get(), &output, &input);
    if (ZSTD_isError(result)) throw_damaged(ZSTD_getErrorName(result));
    between_frames_ = result == 0;
    return {input.pos, output.pos};
  }

  Progress end(std::span<std::byte>) override {
    if (!between_frames_) throw_truncated();
    return {.ended = true};
  }

  std::unique_ptr<ZSTD_DCtx, FreeZstd> context_;
  bool between_frames_ = false;
};

}  // namespace

std::unique_ptr<ByteSink> make_zstd_compressor(int level, ByteSink& next, ContentSize content_size) {
  return std::make_unique<ZstdCompressor>(level, next, content_size);
}

std::unique_ptr<ByteSink> make_zstd_decompressor(ByteSink& next) { return std::make_unique<ZstdDecompressor>(next); }

}  // namespace tapster
