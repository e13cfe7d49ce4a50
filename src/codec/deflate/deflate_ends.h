// Where the last block of a deflate stream (RFC 1951) begins, and where the stream ends.
#pragma once

#include <tapster/byte_sink.h>

#include <cstddef>
#include <optional>

namespace tapster {

struct DeflateEnds {
  std::size_t last_block = 0, stream = 0;  // offsets in bits: of the last block's header; behind its last bit
};

// Reads the codes and skips what they mean, at several times the speed of an inflater: it knows nothing of what
// the stream decompresses to. nullopt when there is no whole stream. What follows the stream is not looked at.
std::optional<DeflateEnds> find_deflate_ends(Bytes stream);

}  // namespace tapster
