// xz: writes one stream with a CRC64, reads any number of streams with any check and padding.
#include "codec/codec.h"
#include "codec/codec_sink.h"

#include <lzma.h>

#include <new>

namespace tapster {
namespace {

// The decoder allocates a dictionary of the size that the stream names. This limit is four times what `xz -9` needs.
constexpr std::uint64_t kDecoderMemory = std::uint64_t{256} << 20;

class XzSink : public CodecSink {
 public:
  ~XzSink() override { lzma_end(&stream_); }

 protected:
  using CodecSink::CodecSink;

  lzma_ret run(lzma_action action, Bytes in, std::span<std::byte> out) {
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    stream_.avail_in = in.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream_.avail_out = out.size();
    const lzma_ret result = lzma_code(&stream_, action);
    if (result == LZMA_MEM_ERROR) throw std::bad_alloc();
    return result;
  }

  Progress progress(Bytes in, std::span<std::byte> out, bool ended) const {
    return {in.size() - stream_.avail_in, out.size() - stream_.avail_out, ended};
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
};

class XzCompressor final : public XzSink {
 public:
  XzCompressor(int level, ByteSink& next) : XzSink(Compression::xz, next) {
    if (lzma_easy_encoder(&stream_, static_cast<std::uint32_t>(level), LZMA_CHECK_CRC64) != LZMA_OK)
      throw std::bad_alloc();
  }

 private:
  Progress step(Bytes in, std::span<std::byte> out) override {
    run(LZMA_RUN, in, out);
    return progress(in, out, false);
  }
  Progress end(std::span<std::byte> out) override {
    const bool ended = run(LZMA_FINISH, {}, out) == LZMA_STREAM_END;
    return progress({}, out, ended);
  }
};

class XzDecompressor final : public XzSink {
 public:
  explicit XzDecompressor(ByteSink& next) : XzSink(Compression::xz, next) {
    if (lzma_stream_decoder(&stream_, kDecoderMemory, LZMA_CONCATENATED) != LZMA_OK) throw std::bad_alloc();
  }

 private:
  Progress step(Bytes in, std::span<std::byte> out) override {
    check(run(LZMA_RUN, in, out));
    return progress(in, out, false);
  }
  Progress end(std::span<std::byte> out) override {
    const lzma_ret result = run(LZMA_FINISH, {}, out);
    if (result == LZMA_BUF_ERROR && stream_.avail_out != 0) throw_truncated();
    check(result);
    return progress({}, out, result == LZMA_STREAM_END);
  }

  void check(lzma_ret result) const {
    switch (result) {
      case LZMA_OK:
      case LZMA_STREAM_END:
      case LZMA_BUF_ERROR:  // it needs more input or output
        return;
      case LZMA_FORMAT_ERROR:
        throw_damaged("not an xz stream");
      case LZMA_OPTIONS_ERROR:
        throw_damaged("it uses options that this version of liblzma does not know");
      case LZMA_MEMLIMIT_ERROR:
        throw_damaged("its dictionary needs more than 256 MiB");
      default:
        throw_damaged("its contents or checksum are wrong");
    }
  }
};

}  // namespace

std::unique_ptr<ByteSink> make_xz_compressor(int level, ByteSink& next, ContentSize) {
  return std::make_unique<XzCompressor>(level, next);
}

std::unique_ptr<ByteSink> make_xz_decompressor(ByteSink& next) { return std::make_unique<XzDecompressor>(next); }

}  // namespace tapster
