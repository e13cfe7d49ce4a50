// What the codecs share: the loop around a library's streaming call, and the words for bad data.
#pragma once

#include <tapster/compression.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace tapster {

// Runs a library's streaming call until it has taken all input, and hands its output on in
// pieces of 128 KiB (the last one may be shorter).
class CodecSink : public ByteSink {
 public:
  void write(Bytes data) final;
  void finish() final;

 protected:
  struct Progress {
    std::size_t consumed = 0;  // bytes of the input
    std::size_t produced = 0;  // bytes of the output
    bool ended = false;        // only looked at after end()
  };

  CodecSink(Compression compression, ByteSink& next);

  // One call of the library: takes what it can of `in` (at most 1 GiB, so that 32-bit counters
  // do; empty when only earlier output is still to be drained) and fills `out` as far as it can.
  virtual Progress step(Bytes in, std::span<std::byte> out) = 0;
  // The input is over: called until `ended`. Decoders check here that they saw the end.
  virtual Progress end(std::span<std::byte> out) = 0;

  [[noreturn]] void throw_damaged(std::string_view reason) const;
  [[noreturn]] void throw_truncated() const;

 private:
  std::span<std::byte> free_output() const;
  bool produced(std::size_t count);
  void hand_on();

  Compression compression_;
  ByteSink& next_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t used_ = 0;
};

// Error (general): "the gzip data is damaged: REASON", "the gzip data is truncated: ...".
[[noreturn]] void throw_damaged(Compression compression, std::string_view reason);
[[noreturn]] void throw_truncated(Compression compression);

// Levels are the format's own numbers, already in range.
using ContentSize = std::optional<std::uint64_t>;
std::unique_ptr<ByteSink> make_gzip_compressor(int level, ByteSink& next, ContentSize content_size);
std::unique_ptr<ByteSink> make_bzip2_compressor(int level, ByteSink& next);
std::unique_ptr<ByteSink> make_xz_compressor(int level, ByteSink& next);
std::unique_ptr<ByteSink> make_zstd_compressor(int level, ByteSink& next, ContentSize content_size);
std::unique_ptr<ByteSink> make_lz4_compressor(int level, ByteSink& next, ContentSize content_size);
std::unique_ptr<ByteSink> make_snappy_compressor(ByteSink& next);
std::unique_ptr<ByteSink> make_parallel_zstd_compressor(int level, int threads, ByteSink& next);

std::unique_ptr<ByteSink> make_gzip_decompressor(ByteSink& next);
std::unique_ptr<ByteSink> make_bzip2_decompressor(ByteSink& next);
std::unique_ptr<ByteSink> make_xz_decompressor(ByteSink& next);
std::unique_ptr<ByteSink> make_zstd_decompressor(ByteSink& next);
std::unique_ptr<ByteSink> make_lz4_decompressor(ByteSink& next);
std::unique_ptr<ByteSink> make_snappy_decompressor(ByteSink& next);

}  // namespace tapster
