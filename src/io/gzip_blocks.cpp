// gzip of several threads: one member whose deflate stream is made of pieces that end on a byte.
#include "io/block_format.h"
#include "io/crc.h"
#include "io/deflate_piece.h"
#include "io/gzip_member.h"

#include <tapster/error.h>

#include <libdeflate.h>
#include <zlib.h>

#include <cstring>
#include <new>

namespace tapster {
namespace {

struct FreeCompressor {
  void operator()(libdeflate_compressor* deflater) const { libdeflate_free_compressor(deflater); }
};

class GzipWorker final : public BlockWorker {
 public:
  explicit GzipWorker(int level) : deflater_(libdeflate_alloc_compressor(deflate_level(level))) {
    if (!deflater_) throw std::bad_alloc();
  }

  PackedBlock pack(Bytes block, std::span<std::byte> out) override {
    const std::size_t packed =
        libdeflate_deflate_compress(deflater_.get(), block.data(), block.size(), out.data(), out.size());
    return {block.size(), joiner_.open_end(out, packed, block), crc32(0, block)};
  }

 private:
  std::unique_ptr<libdeflate_compressor, FreeCompressor> deflater_;
  DeflateJoiner joiner_;
};

class GzipBlocks final : public BlockFormat {
 public:
  GzipBlocks(int level, std::size_t block_size) : level_(level), block_size_(block_size) {}

  std::size_t block_size() const override { return block_size_; }
  std::size_t bound() const override {
    return libdeflate_deflate_compress_bound(nullptr, block_size_) + DeflateJoiner::kOpenEnd;
  }
  std::unique_ptr<BlockWorker> make_worker() const override { return std::make_unique<GzipWorker>(level_); }

  std::vector<std::byte> begin(bool) override { return gzip_header(level_); }
  void add(const PackedBlock& block) override {
    crc_ = static_cast<std::uint32_t>(crc32_combine(crc_, block.crc32, static_cast<z_off_t>(block.original)));
    size_ += static_cast<std::uint32_t>(block.original);
  }
  std::vector<std::byte> end() override {
    std::vector<std::byte> bytes{std::byte{3}, std::byte{0}};  // a last block of fixed codes, empty
    append_gzip_trailer(bytes, crc_, size_);
    return bytes;
  }

 private:
  int level_;
  std::size_t block_size_;
  std::uint32_t crc_ = 0, size_ = 0;  // the latter modulo 2^32, as the trailer has it
};

}  // namespace

std::unique_ptr<BlockFormat> make_gzip_blocks(int level, std::size_t block_size) {
  return std::make_unique<GzipBlocks>(level, block_size);
}

}  // namespace tapster
