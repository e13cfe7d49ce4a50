// gzip (RFC 1952): writes one member, reads any number.
//
// libdeflate and ISA-L reach the sizes of gzip's levels several times faster than zlib, but compress whole buffers
// only. A member is therefore made of pieces of 2 MiB, which are compressed one by one and joined (piece_compressor.h).
// One member, because the original writes one and some readers stop behind the first. Pieces, because a whole segment
// and its compressed form would double the memory of the command. 2 MiB, because pieces of 1 MiB make data with short
// repetitions 1 % larger, and larger pieces gain next to nothing.
//
// A stream that is known to be large is compressed by two threads, if no other compressor of the process uses their
// cores. The writer, which computes digests, is the third thread; more would take cores from the database.
#define ZLIB_CONST
#include "codec/codec.h"
#include "codec/codec_sink.h"
#include "codec/core_lease.h"
#include "codec/crc.h"
#include "codec/deflate/gzip_member.h"
#include "codec/deflate/piece_compressor.h"
#include "codec/parallel/parallel_block_sink.h"
#include "codec/parallel/serial_block_sink.h"

#include <zlib.h>

#include <algorithm>
#include <iterator>
#include <new>
#include <utility>

namespace tapster {
namespace {

constexpr std::size_t kPiece = 2 * 1024 * 1024;
constexpr std::size_t kPieceOfBackup = 1024 * 1024;  // 0.1 % larger for half of the memory, with many threads
constexpr int kThreads = 2, kSpare = 1;
// A smaller stream takes longer with threads than without. With a larger one, the threads' blocks and the compressed
// stream, which the command holds as well, would be too much memory.
constexpr std::uint64_t kWorthThreads = 4 * 1024 * 1024, kLargestForThreads = 16 * 1024 * 1024;

class GzipBlockCompressor final : public BlockCompressor {
 public:
  explicit GzipBlockCompressor(int level) : compressor_(make_piece_compressor(level)) {}

  CompressedBlock compress(Bytes block, std::span<std::byte> out) override {
    return {block.size(), compressor_->compress(block, out), crc32(0, block)};
  }

 private:
  std::unique_ptr<PieceCompressor> compressor_;
};

class GzipBlocks final : public BlockFormat {
 public:
  GzipBlocks(int level, std::size_t block_size) : level_(level), block_size_(block_size) {}

  std::size_t block_size() const override { return block_size_; }
  std::size_t max_compressed_size() const override { return max_piece_size(block_size_); }
  std::unique_ptr<BlockCompressor> make_compressor() const override {
    return std::make_unique<GzipBlockCompressor>(level_);
  }

  std::vector<std::byte> header(bool) override { return gzip_header(level_); }
  void add_to_trailer(const CompressedBlock& block) override {
    crc_ = static_cast<std::uint32_t>(crc32_combine(crc_, block.crc32, static_cast<z_off_t>(block.original_size)));
    size_ += static_cast<std::uint32_t>(block.original_size);
  }
  std::vector<std::byte> trailer() override {
    std::vector<std::byte> bytes(std::begin(kLastDeflateBlock), std::end(kLastDeflateBlock));
    append_gzip_trailer(bytes, crc_, size_);
    return bytes;
  }

 private:
  int level_;
  std::size_t block_size_;
  std::uint32_t crc_ = 0, size_ = 0;  // of all blocks; the size modulo 2^32
};

class ThreadedGzipCompressor final : public ByteSink {
 public:
  ThreadedGzipCompressor(int level, std::unique_ptr<CoreLease> cores, ByteSink& next)
      : cores_(std::move(cores)),
        blocks_(make_parallel_block_sink(std::make_unique<GzipBlocks>(level, kPiece), cores_->count(), kSpare, next)) {}
  void write(Bytes data) override { blocks_->write(data); }
  void finish() override { blocks_->finish(); }

 private:
  std::unique_ptr<CoreLease> cores_;  // returned after the threads of blocks_ have ended
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
    if (behind_member_) {  // zeros are padding there, as for gzip
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
  return make_serial_block_sink(std::make_unique<GzipBlocks>(level, kPiece), next);
}

std::unique_ptr<ByteSink> make_parallel_gzip_compressor(int level, int threads, ByteSink& next) {
  return make_parallel_block_sink(std::make_unique<GzipBlocks>(level, kPieceOfBackup), threads, kSpareBlocks, next);
}

std::unique_ptr<ByteSink> make_gzip_decompressor(ByteSink& next) { return std::make_unique<GzipDecompressor>(next); }

}  // namespace tapster
