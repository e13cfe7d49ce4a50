// gzip (RFC 1952): one member out, any number in.
//
// Deflating is done by libraries that reach the size of gzip's levels several times faster than zlib, but take
// only whole buffers. A member is therefore made of pieces of 2 MiB, compressed one by one and joined (see
// piece_deflater.h). One member, because that is what the original writes and the only thing some readers
// take; pieces, because a whole segment and its output would double the memory of the command; 2 MiB, because
// smaller ones cost size (1 % at 1 MiB on short-range data) and larger ones gain next to nothing.
//
// A stream that is known to be large is compressed by two threads where there are cores for them. The writer, which
// hashes what it hands over, is then the third; more would only take from the database what it pays for.
#define ZLIB_CONST
#include "codec/block_format.h"
#include "codec/codec.h"
#include "codec/core_lease.h"

#include <zlib.h>

#include <algorithm>
#include <new>
#include <utility>

namespace tapster {
namespace {

constexpr std::size_t kPiece = 2 * 1024 * 1024;
constexpr int kThreads = 2, kSpare = 1;
// From so many bytes on threads save more than they cost; beyond the largest their blocks, beside a result that may be
// as large, would be too much memory for the command.
constexpr std::uint64_t kWorthThreads = 4 * 1024 * 1024, kLargestForThreads = 16 * 1024 * 1024;

class ThreadedGzipCompressor final : public ByteSink {
 public:
  ThreadedGzipCompressor(int level, std::unique_ptr<CoreLease> cores, ByteSink& next)
      : cores_(std::move(cores)),
        blocks_(make_parallel_sink(make_gzip_blocks(level, kPiece), cores_->count(), kSpare, next)) {}
  void write(Bytes data) override { blocks_->write(data); }
  void finish() override { blocks_->finish(); }

 private:
  std::unique_ptr<CoreLease> cores_;  // for as long as the threads of the blocks run
  std::unique_ptr<ByteSink> blocks_;
};

class GzipDecompressor final : public CodecSink {
 public:
  explicit GzipDecompressor(ByteSink& next) : CodecSink(Compression::gzip, next) {
    constexpr int kGzipOnly = 16 + 15;
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~GzipDecompressor() override { inflateEnd(&stream_); }

 private:
  Progress step(Bytes in, std::span<std::byte> out) override {
    if (behind_member_) {  // where gzip, too, ignores padding with zeros
      const auto padding = std::find_if(in.begin(), in.end(), [](std::byte byte) { return byte != std::byte{0}; });
      if (padding != in.begin() || in.empty()) return {.consumed = static_cast<std::size_t>(padding - in.begin())};
      inflateReset(&stream_);
      behind_member_ = false;
    }
    stream_.next_in = reinterpret_cast<const Bytef*>(in.data());
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_STREAM_END)
      behind_member_ = true;
    else if (result == Z_MEM_ERROR)
      throw std::bad_alloc();
    else if (result != Z_OK && result != Z_BUF_ERROR)
      throw_damaged(stream_.msg != nullptr ? stream_.msg : "its contents or checksum are wrong");
    return {in.size() - stream_.avail_in, out.size() - stream_.avail_out};
  }

  Progress end(std::span<std::byte>) override {
    if (!behind_member_) throw_truncated();
    return {.ended = true};
  }

  z_stream stream_{};
  bool behind_member_ = false;
};

}  // namespace

std::unique_ptr<ByteSink> make_gzip_compressor(int level, ByteSink& next, ContentSize content_size) {
  if (content_size && *content_size >= kWorthThreads && *content_size <= kLargestForThreads) {
    auto cores = std::make_unique<CoreLease>(kThreads);
    if (cores->count() == kThreads) return std::make_unique<ThreadedGzipCompressor>(level, std::move(cores), next);
  }
  return make_serial_sink(make_gzip_blocks(level, kPiece), next);
}

std::unique_ptr<ByteSink> make_gzip_decompressor(ByteSink& next) { return std::make_unique<GzipDecompressor>(next); }

}  // namespace tapster
