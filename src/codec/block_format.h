// Formats whose stream is made of blocks that can be compressed apart from each other.
#pragma once

#include <tapster/byte_sink.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tapster {

// What became of one block.
struct PackedBlock {
  std::size_t original = 0, packed = 0;  // bytes
  std::uint32_t crc32 = 0;               // of the original, for the formats that want it
};

// One per thread; keeps what compressing takes in memory.
class BlockWorker {
 public:
  virtual ~BlockWorker() = default;
  // Compresses a block (not empty) into `out`, which is as large as BlockFormat::bound().
  virtual PackedBlock pack(Bytes block, std::span<std::byte> out) = 0;
};

class BlockFormat {
 public:
  virtual ~BlockFormat() = default;
  virtual std::size_t block_size() const = 0;  // of every block but the last
  virtual std::size_t bound() const = 0;
  virtual std::unique_ptr<BlockWorker> make_worker() const = 0;  // thread-safe
  // What stands before the first block and behind the last, and, in between, every block in
  // order. All are called by one thread.
  virtual std::vector<std::byte> begin(bool empty) = 0;
  virtual void add(const PackedBlock&) {}
  virtual std::vector<std::byte> end() = 0;
};

// Levels are the format's own numbers, already in range.
std::unique_ptr<BlockFormat> make_gzip_blocks(int level, std::size_t block_size);
std::unique_ptr<BlockFormat> make_lz4_blocks(int level);
std::unique_ptr<BlockFormat> make_snappy_blocks();

// A sink that compresses with `threads` workers and writes into `next` (borrowed) by a thread of its
// own; see parallel_compressor.h. Memory: `threads` + `spare` blocks, each with the room for what becomes of it.
// With kSpareBlocks one is filled, one delivered and one ready for either side while all threads work; a `next`
// that takes things at once is served as well with one.
inline constexpr int kSpareBlocks = 3;
std::unique_ptr<ByteSink> make_parallel_sink(std::unique_ptr<BlockFormat> format, int threads, int spare,
                                             ByteSink& next);
// The same in the writer's thread, with the memory of one block.
std::unique_ptr<ByteSink> make_serial_sink(std::unique_ptr<BlockFormat> format, ByteSink& next);

}  // namespace tapster
