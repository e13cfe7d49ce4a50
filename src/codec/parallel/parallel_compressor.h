// Compressing one stream with several threads, into what every reader of the format takes.
#pragma once

#include <tapster/byte_sink.h>
#include <tapster/compression.h>

#include <memory>

namespace tapster {

// A sink for base backup archives. The writer's thread copies and hands on; `threads` workers compress, and
// one thread at a time writes into `next` (borrowed), in order; what next throws comes out of write() or finish().
// Memory: with 4 threads at the default level under 30 MiB. Destroyed unfinished, it stops its threads, after
// a call of next.write() that is under way: who borrows a slow `next` must be able to interrupt that.
//
//   gzip    one member of pieces of 1 MiB that end on a byte (the original reads no second member)
//   bzip2   one stream, one thread
//   snappy  the framing format: chunks are independent by nature
//   lz4     one frame of independent blocks of 1 MiB
//   zstd    one frame, by the library's threads; written into `next` by the writer's thread
//   none    a pass-through in the writer's thread
//
// The named levels are a segment's (compression.h) but for medium, the default, which is a backup's: gzip reaches
// the stored size of gzip -9 within 3 % (low: within 15 %, several times as fast), bzip2 is at its best, zstd and lz4
// are as fast as their tools' defaults.
std::unique_ptr<ByteSink> make_backup_compressor(Compression compression, CompressionLevel level, int threads,
                                                 ByteSink& next);

}  // namespace tapster
