// Deflating buffers apart from each other, as pieces of one stream (RFC 1951).
#pragma once

#include <tapster/byte_sink.h>

#include <cstddef>
#include <memory>
#include <span>

namespace tapster {

// One per thread.
class PieceDeflater {
 public:
  virtual ~PieceDeflater() = default;

  // Compresses `original` (not empty) into `out`, which has piece_bound() bytes, and returns how many it took. The
  // piece refers to nothing before it, ends on a byte and is to be followed by another one, or by kLastBlock.
  virtual std::size_t deflate(Bytes original, std::span<std::byte> out) = 0;
};

// The most that a piece of so many bytes can take.
std::size_t piece_bound(std::size_t size);

// What ends a stream of pieces: a last block of fixed codes, empty.
inline constexpr std::byte kLastBlock[] = {std::byte{3}, std::byte{0}};

// For a level of gzip's, 1 to 9: what keeps that level's promise of size fastest. 1 is ISA-L's where there is one, see
// "Formats" in ARCHITECTURE.md.
std::unique_ptr<PieceDeflater> make_piece_deflater(int gzip_level);

// ISA-L's, or nullptr where there is none.
std::unique_ptr<PieceDeflater> make_isal_deflater();

}  // namespace tapster
