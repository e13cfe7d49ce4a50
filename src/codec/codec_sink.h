// What the codecs share: the loop around a library's streaming call, and the errors for damaged data.
#pragma once

#include <tapster/compression.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace tapster {

// Calls a library's streaming function until it has consumed all input, and writes its output into `next` in pieces of
// 128 KiB (the last one may be shorter).
class CodecSink : public ByteSink {
 public:
  void write(Bytes data) final;
  void finish() final;

 protected:
  struct Progress {
    std::size_t consumed = 0;  // bytes of the input
    std::size_t produced = 0;  // bytes of the output
    bool ended = false;        // read after end() only
  };

  CodecSink(Compression compression, ByteSink& next);

  // One call of the library: consumes what it can of `in` and fills `out` as far as it can. `in` is at most 1 GiB, so
  // that 32-bit counters suffice, and empty when the library may only hold output of earlier input.
  virtual Progress step(Bytes in, std::span<std::byte> out) = 0;
  // There is no more input: called until `ended`. Decompressors throw here when the stream has no end.
  virtual Progress end(std::span<std::byte> out) = 0;

  [[noreturn]] void throw_damaged(std::string_view reason) const;
  [[noreturn]] void throw_truncated() const;

 private:
  std::span<std::byte> free_output() const;
  bool produced(std::size_t count);
  void write_out();

  Compression compression_;
  ByteSink& next_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t used_ = 0;
};

// Error (general): "the gzip data is damaged: REASON", "the gzip data is truncated: ...".
[[noreturn]] void throw_damaged(Compression compression, std::string_view reason);
[[noreturn]] void throw_truncated(Compression compression);

}  // namespace tapster
