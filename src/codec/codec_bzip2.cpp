// bzip2: writes one stream, reads any number.
#include "codec/codec.h"
#include "codec/codec_sink.h"

#include <bzlib.h>

#include <new>

namespace tapster {
namespace {

// libbz2 takes pointers to non-const char but never writes to the input.
void point(bz_stream& stream, Bytes in, std::span<std::byte> out) {
  stream.next_in = const_cast<char*>(reinterpret_cast<const char*>(in.data()));
  stream.avail_in = static_cast<unsigned>(in.size());
  stream.next_out = reinterpret_cast<char*>(out.data());
  stream.avail_out = static_cast<unsigned>(out.size());
}

class Bzip2Compressor final : public CodecSink {
 public:
  Bzip2Compressor(int level, ByteSink& next) : CodecSink(Compression::bzip2, next) {
    constexpr int kQuiet = 0, kDefaultWorkFactor = 0;
    if (BZ2_bzCompressInit(&stream_, level, kQuiet, kDefaultWorkFactor) != BZ_OK) throw std::bad_alloc();
  }
  ~Bzip2Compressor() override { BZ2_bzCompressEnd(&stream_); }

 private:
  Progress step(Bytes in, std::span<std::byte> out) override { return run(BZ_RUN, in, out); }
  Progress end(std::span<std::byte> out) override { return run(BZ_FINISH, {}, out); }

  Progress run(int action, Bytes in, std::span<std::byte> out) {
    if (action == BZ_RUN && in.empty()) return {};  // libbz2 refuses a call without input
    point(stream_, in, out);
    const int result = BZ2_bzCompress(&stream_, action);
    return {in.size() - stream_.avail_in, out.size() - stream_.avail_out, result == BZ_STREAM_END};
  }

  bz_stream stream_{};
};

class Bzip2Decompressor final : public CodecSink {
 public:
  explicit Bzip2Decompressor(ByteSink& next) : CodecSink(Compression::bzip2, next) { open(); }
  ~Bzip2Decompressor() override { BZ2_bzDecompressEnd(&stream_); }

 private:
  void open() {
    constexpr int kQuiet = 0, kFast = 0;
    if (BZ2_bzDecompressInit(&stream_, kQuiet, kFast) != BZ_OK) throw std::bad_alloc();
  }

  Progress step(Bytes in, std::span<std::byte> out) override {
    if (between_streams_) {
      if (in.empty()) return {};
      BZ2_bzDecompressEnd(&stream_);
      stream_ = {};
      open();
      between_streams_ = false;
    }
    point(stream_, in, out);
    const int result = BZ2_bzDecompress(&stream_);
    if (result == BZ_STREAM_END)
      between_streams_ = true;
    else if (result == BZ_MEM_ERROR)
      throw std::bad_alloc();
    else if (result != BZ_OK)
      throw_damaged(result == BZ_DATA_ERROR_MAGIC ? "not a bzip2 stream" : "its contents or checksum are wrong");
    return {in.size() - stream_.avail_in, out.size() - stream_.avail_out};
  }

  Progress end(std::span<std::byte>) override {
    if (!between_streams_) throw_truncated();
    return {.ended = true};
  }

  bz_stream stream_{};
  bool between_streams_ = false;
};

}  // namespace

std::unique_ptr<ByteSink> make_bzip2_compressor(int level, ByteSink& next, ContentSize) {
  return std::make_unique<Bzip2Compressor>(level, next);
}

std::unique_ptr<ByteSink> make_bzip2_decompressor(ByteSink& next) { return std::make_unique<Bzip2Decompressor>(next); }

}  // namespace tapster
