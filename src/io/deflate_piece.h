// Joining separately compressed pieces into one deflate stream (RFC 1951).
#pragma once

#include <tapster/byte_sink.h>

#include <memory>
#include <span>
#include <vector>

struct z_stream_s;

namespace tapster {

// A library that compresses whole buffers ends each with a block that is marked as the last.
// To append another piece that mark must go, and where it is only an inflater knows. The pass
// also proves that the piece decompresses to what it was made of.
class DeflateJoiner {
 public:
  DeflateJoiner();
  ~DeflateJoiner();
  DeflateJoiner(const DeflateJoiner&) = delete;
  DeflateJoiner& operator=(const DeflateJoiner&) = delete;

  // The room that open_end takes behind a piece.
  static constexpr std::size_t kOpenEnd = 5;

  // Makes a piece, a whole deflate stream of `original`, ready to be followed by another one: clears
  // the mark and appends an empty stored block, which ends on a byte. The piece is the first `size`
  // bytes of `room`, which has kOpenEnd more; returns its new size.
  std::size_t open_end(std::span<std::byte> room, std::size_t size, Bytes original);
  void open_end(std::vector<std::byte>& piece, Bytes original);

  // Only the proof. Both throw an Error (general) when it fails, which means broken hardware.
  void verify(Bytes piece, Bytes original);

 private:
  struct Ends {
    std::size_t last_block = 0, stream = 0;  // offsets in bits
  };
  Ends find_ends(Bytes piece, Bytes original);

  std::unique_ptr<z_stream_s> inflater_;
  std::vector<std::byte> window_;
};

}  // namespace tapster
