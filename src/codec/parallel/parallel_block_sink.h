// Compresses a stream of blocks with several threads.
#pragma once

#include "codec/parallel/block_format.h"

namespace tapster {

// Blocks beyond one for each thread. With three, one is being filled and one written, and one is ready for either side
// while all threads compress. One is enough where `next` accepts data at once.
inline constexpr int kSpareBlocks = 3;

// A sink that compresses with `threads` threads and writes into `next` (borrowed) from one more thread, in order. What
// either throws comes out of write(), room() or finish(). Destroyed unfinished, it stops its threads, after the call of
// next.write() that is under way.
// Memory: `threads` + `spare` blocks, each with the room for its compressed form.
std::unique_ptr<ByteSink> make_parallel_block_sink(std::unique_ptr<BlockFormat> format, int threads, int spare,
                                                   ByteSink& next);

}  // namespace tapster
