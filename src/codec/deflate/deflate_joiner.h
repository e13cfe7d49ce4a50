// Joins separately compressed pieces to one deflate stream (RFC 1951).
#pragma once

#include "file/page_buffer.h"

#include <tapster/byte_sink.h>

#include <memory>
#include <span>
#include <vector>

struct libdeflate_decompressor;

namespace tapster {

// A library that compresses whole buffers marks the last block of each as the last one of the stream. The mark must be
// cleared before another piece can follow, and it is found only by reading the stream up to it. Every piece is also
// decompressed and compared with its original, which shows that it can be read back. Not thread-safe. Memory: the
// size of the largest original.
class DeflateJoiner {
 public:
  DeflateJoiner();

  // Bytes that make_joinable may append to a piece.
  static constexpr std::size_t kJoinRoom = 5;

  // Changes a piece so that another one can follow it: clears the mark and appends an empty stored block, which ends on
  // a byte. The piece, a whole deflate stream of `original`, is the first `size` bytes of `room`, which has kJoinRoom
  // bytes more. Returns the new size.
  std::size_t make_joinable(std::span<std::byte> room, std::size_t size, Bytes original);
  void make_joinable(std::vector<std::byte>& piece, Bytes original);

  // Throws Error (general) unless the piece decompresses to `original`, as make_joinable does; only broken hardware
  // fails this.
  void verify(Bytes piece, Bytes original);

 private:
  std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> inflater_;
  PageBuffer inflated_;
};

}  // namespace tapster
