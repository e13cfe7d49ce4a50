// Compresses a stream of blocks without threads.
#pragma once

#include "codec/parallel/block_format.h"

namespace tapster {

// A sink that collects blocks, compresses each one when it is full and writes it into `next` (borrowed), all in the
// writer's thread. Memory: one block and the room for its compressed form.
std::unique_ptr<ByteSink> make_serial_block_sink(std::unique_ptr<BlockFormat> format, ByteSink& next);

}  // namespace tapster
