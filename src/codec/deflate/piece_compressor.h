// Compresses buffers independently of each other, to pieces that form one deflate stream (RFC 1951).
#pragma once

#include <tapster/byte_sink.h>

#include <cstddef>
#include <memory>
#include <span>

namespace tapster {

// Not thread-safe: one per thread.
class PieceCompressor {
 public:
  virtual ~PieceCompressor() = default;

  // Compresses `original` (not empty) into `out`, which has max_piece_size() bytes, and returns the size of the piece.
  // A piece refers to nothing before it and ends on a byte. Another one must follow, or kLastDeflateBlock.
  virtual std::size_t compress(Bytes original, std::span<std::byte> out) = 0;
};

// The size that the piece of an original of `size` bytes has at most.
std::size_t max_piece_size(std::size_t size);

// Ends a stream of pieces: an empty block of fixed codes, marked as the last.
inline constexpr std::byte kLastDeflateBlock[] = {std::byte{3}, std::byte{0}};

// The fastest compressor that reaches the size of gzip's level, 1 to 9. Level 1 is ISA-L's where that library is
// installed.
std::unique_ptr<PieceCompressor> make_piece_compressor(int gzip_level);

// ISA-L's, or nullptr when the library is not installed, or was not there when tapster was built.
std::unique_ptr<PieceCompressor> make_isal_piece_compressor();

}  // namespace tapster
