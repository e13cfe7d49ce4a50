// Compresses the archives of base backups, with several threads where the format allows it.
#pragma once

#include <tapster/byte_sink.h>
#include <tapster/compression.h>

#include <memory>

namespace tapster {

// A sink that compresses with `threads` threads and writes into `next` (borrowed), in order, from one thread at a time.
// What `next` throws comes out of write() or finish(). Every reader of the format can read the result.
// Memory: less than 30 MiB with 4 threads at the default level. Destroyed unfinished, it stops its threads, after a
// call of next.write() that is under way: the owner of a `next` that may block must be able to interrupt it.
//
//   gzip    one member (the original reads only the first) of pieces of 1 MiB
//   snappy  blocks of 16 chunks
//   lz4     one frame of independent blocks of 1 MiB
//   zstd    one frame, by the library's threads; the writer's thread writes into `next`
//   others  one stream, all in the writer's thread
//
// The levels are those of make_compressor (compression.h), but for medium, the default: see CodecLevels in codec.h.
// gzip's medium is within 3 % of the size of gzip -9; its low is within 15 % and several times as fast.
std::unique_ptr<ByteSink> make_backup_compressor(Compression compression, CompressionLevel level, int threads,
                                                 ByteSink& next);

}  // namespace tapster
