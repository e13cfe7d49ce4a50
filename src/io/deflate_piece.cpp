#include "io/deflate_piece.h"

#include <tapster/error.h>

#define ZLIB_CONST
#include <zlib.h>

#include <cstring>
#include <new>

namespace tapster {
namespace {

constexpr int kRawDeflate = -15;
constexpr std::size_t kWindow = 256 * 1024;  // several times deflate's own, which zlib copies at each refill

}  // namespace

DeflateJoiner::DeflateJoiner() : inflater_(std::make_unique<z_stream_s>()), window_(kWindow) {
  if (inflateInit2(inflater_.get(), kRawDeflate) != Z_OK) throw std::bad_alloc();
}

DeflateJoiner::~DeflateJoiner() { inflateEnd(inflater_.get()); }

std::size_t DeflateJoiner::open_end(std::span<std::byte> piece, std::size_t size, Bytes original) {
  const Ends ends = find_ends(piece.first(size), original);
  piece[ends.last_block / 8] &= ~(std::byte{1} << (ends.last_block % 8));
  // The header of the stored block is three zero bits: in what is left of the last byte, or else in a new one.
  const std::size_t used = ends.stream % 8;
  if (used == 0 || used > 5) piece[size++] = std::byte{0};
  constexpr std::byte kZero{0}, kOnes{0xff};
  for (const std::byte byte : {kZero, kZero, kOnes, kOnes}) piece[size++] = byte;
  return size;
}

void DeflateJoiner::open_end(std::vector<std::byte>& piece, Bytes original) {
  const std::size_t size = piece.size();
  piece.resize(size + kOpenEnd);
  piece.resize(open_end(piece, size, original));
}

void DeflateJoiner::verify(Bytes piece, Bytes original) { find_ends(piece, original); }

DeflateJoiner::Ends DeflateJoiner::find_ends(Bytes piece, Bytes original) {
  z_stream& stream = *inflater_;
  inflateReset(&stream);
  stream.next_in = reinterpret_cast<const Bytef*>(piece.data());
  stream.avail_in = static_cast<uInt>(piece.size());
  for (Ends ends;;) {
    stream.next_out = reinterpret_cast<Bytef*>(window_.data());
    stream.avail_out = static_cast<uInt>(window_.size());
    const int result = inflate(&stream, Z_BLOCK);
    const std::size_t count = window_.size() - stream.avail_out;
    if (result != Z_OK || count > original.size()) break;
    if (count != 0 && std::memcmp(window_.data(), original.data(), count) != 0) break;
    original = original.subspan(count);
    // inflate stopped behind a block: see data_type in zlib.h.
    constexpr int kUnusedBits = 7, kInLastBlock = 64, kBehindBlock = 128;
    if ((stream.data_type & kBehindBlock) == 0) continue;
    ends.stream = (piece.size() - stream.avail_in) * 8 - static_cast<std::size_t>(stream.data_type & kUnusedBits);
    if ((stream.data_type & kInLastBlock) == 0) {
      ends.last_block = ends.stream;
      continue;
    }
    if (!original.empty() || stream.avail_in != 0) break;
    return ends;
  }
  throw error(ErrorKind::general,
              "gzip: what was compressed does not decompress to the original: check this machine's memory");
}

}  // namespace tapster
