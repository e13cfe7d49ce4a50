// Joining separately compressed pieces into one deflate stream (RFC 1951).
#pragma once

#include "file/page_buffer.h"

#include <tapster/byte_sink.h>

#include <memory>
#include <span>
#include <vector>

struct libdeflate_decompressor;

namespace tapster {

// A library that compresses whole buffers ends each with a block that is marked as the last.
// To append another piece that mark must go, and where it is only shows who reads the stream. Every piece is also
// decompressed, which proves that it can be read back. Memory: as much as the largest piece's original.
class DeflateJoiner {
 public:
  DeflateJoiner();

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
  std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> inflater_;
  PageBuffer inflated_;
};

}  // namespace tapster
