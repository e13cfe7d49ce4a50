// A format whose stream is made of blocks that can be compressed independently of each other.
#pragma once

#include <tapster/byte_sink.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tapster {

struct CompressedBlock {
  std::size_t original_size = 0, compressed_size = 0;  // bytes
  std::uint32_t crc32 = 0;                             // of the original; only formats that record it compute it
};

// Compresses blocks one after the other and keeps its working memory between them. Not thread-safe: one per thread.
class BlockCompressor {
 public:
  virtual ~BlockCompressor() = default;
  // Compresses a block (not empty) into the beginning of `out`, which has BlockFormat::max_compressed_size() bytes.
  virtual CompressedBlock compress(Bytes block, std::span<std::byte> out) = 0;
};

// One per stream, because the trailer may depend on all blocks. One thread at a time may call it, but for
// make_compressor(), which is thread-safe.
class BlockFormat {
 public:
  virtual ~BlockFormat() = default;
  virtual std::size_t block_size() const = 0;  // bytes of every block but the last, which may be shorter
  virtual std::size_t max_compressed_size() const = 0;
  virtual std::unique_ptr<BlockCompressor> make_compressor() const = 0;

  // What precedes the first block; `empty`: there will be no block.
  virtual std::vector<std::byte> header(bool empty) = 0;
  // Called for every block in the order of the stream, before trailer().
  virtual void add_to_trailer(const CompressedBlock&) {}
  // What follows the last block.
  virtual std::vector<std::byte> trailer() = 0;
};

}  // namespace tapster
