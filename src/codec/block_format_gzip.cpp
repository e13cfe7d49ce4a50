// gzip (RFC 1952) in blocks: one member whose deflate stream is made of pieces.
#include "codec/block_format.h"
#include "codec/crc.h"
#include "codec/deflate/gzip_member.h"
#include "codec/deflate/piece_deflater.h"

#include <zlib.h>

#include <iterator>

namespace tapster {
namespace {

class GzipWorker final : public BlockWorker {
 public:
  explicit GzipWorker(int level) : deflater_(make_piece_deflater(level)) {}

  PackedBlock pack(Bytes block, std::span<std::byte> out) override {
    return {block.size(), deflater_->deflate(block, out), crc32(0, block)};
  }

 private:
  std::unique_ptr<PieceDeflater> deflater_;
};

class GzipBlocks final : public BlockFormat {
 public:
  GzipBlocks(int level, std::size_t block_size) : level_(level), block_size_(block_size) {}

  std::size_t block_size() const override { return block_size_; }
  std::size_t bound() const override { return piece_bound(block_size_); }
  std::unique_ptr<BlockWorker> make_worker() const override { return std::make_unique<GzipWorker>(level_); }

  std::vector<std::byte> begin(bool) override { return gzip_header(level_); }
  void add(const PackedBlock& block) override {
    crc_ = static_cast<std::uint32_t>(crc32_combine(crc_, block.crc32, static_cast<z_off_t>(block.original)));
    size_ += static_cast<std::uint32_t>(block.original);
  }
  std::vector<std::byte> end() override {
    std::vector<std::byte> bytes(std::begin(kLastBlock), std::end(kLastBlock));
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
