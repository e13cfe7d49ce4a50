#include "codec/parallel/parallel_compressor.h"

#include "codec/block_format.h"
#include "codec/codec.h"

namespace tapster {
namespace {

constexpr std::size_t kGzipBlock = 1024 * 1024;  // half of a segment's: 0.1 % of size for half of the memory

// A backup's own numbers where a segment's would be slow: they are large, and the database waits. Those of
// low and high are a segment's.
int level_of_backup(Compression compression, CompressionLevel level) {
  if (level.named() == CompressionLevel::Named::medium) {
    constexpr int kBzip2 = 9, kZstd = 3, kLz4 = 0;  // bzip2: as the original; the others: as their tools
    if (compression == Compression::bzip2) return kBzip2;
    if (compression == Compression::zstd) return kZstd;
    if (compression == Compression::lz4) return kLz4;
  }
  return level.resolve(compression);
}

}  // namespace

std::unique_ptr<ByteSink> make_backup_compressor(Compression compression, CompressionLevel level, int threads,
                                                 ByteSink& next) {
  const int number = level_of_backup(compression, level);
  switch (compression) {
    case Compression::gzip:
      return make_parallel_sink(make_gzip_blocks(number, kGzipBlock), threads, kSpareBlocks, next);
    case Compression::lz4:
      return make_parallel_sink(make_lz4_blocks(number), threads, kSpareBlocks, next);
    case Compression::snappy:
      return make_parallel_sink(make_snappy_blocks(), threads, kSpareBlocks, next);
    case Compression::zstd:
      return make_parallel_zstd_compressor(number, threads, next);
    case Compression::bzip2:
    case Compression::xz:
    case Compression::none:
      break;
  }
  return make_compressor(compression, CompressionLevel(number), next);
}

}  // namespace tapster
