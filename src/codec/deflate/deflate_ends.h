// Where the last block of a deflate stream (RFC 1951) begins, and where the stream ends.
#pragma once

#include <tapster/byte_sink.h>

#include <cstddef>
#include <optional>

namespace tapster {

struct DeflateEnds {
  // Offsets in bits: of the last block's header, and of what follows the last bit of the stream.
  std::size_t last_block = 0, stream = 0;
};

// Decodes the lengths of symbols and not their values, so it is several times as fast as decompressing and cannot tell
// whether the stream's contents are right. nullopt when `stream` does not begin with a whole stream. What follows the
// stream is not read.
std::optional<DeflateEnds> find_deflate_ends(Bytes stream);

}  // namespace tapster
