#include "codec/deflate/deflate_joiner.h"

#include "codec/deflate/deflate_ends.h"

#include <tapster/error.h>

#include <libdeflate.h>

#include <cstring>
#include <new>

namespace tapster {
namespace {

[[noreturn]] void throw_not_the_original() {
  throw error(ErrorKind::general,
              "gzip: what was compressed does not decompress to the original: check this machine's memory");
}

}  // namespace

DeflateJoiner::DeflateJoiner() : inflater_(libdeflate_alloc_decompressor(), libdeflate_free_decompressor) {
  if (!inflater_) throw std::bad_alloc();
}

std::size_t DeflateJoiner::make_joinable(std::span<std::byte> piece, std::size_t size, Bytes original) {
  verify(piece.first(size), original);
  const auto ends = find_deflate_ends(piece.first(size));
  if (!ends) throw_not_the_original();
  piece[ends->last_block / 8] &= ~(std::byte{1} << (ends->last_block % 8));
  // The header of the stored block is three zero bits. They are in the last byte, unless fewer bits are left in it.
  const std::size_t used = ends->stream % 8;
  if (used == 0 || used > 5) piece[size++] = std::byte{0};
  constexpr std::byte kZero{0}, kOnes{0xff};
  for (const std::byte byte : {kZero, kZero, kOnes, kOnes}) piece[size++] = byte;
  return size;
}

void DeflateJoiner::make_joinable(std::vector<std::byte>& piece, Bytes original) {
  const std::size_t size = piece.size();
  piece.resize(size + kJoinRoom);
  piece.resize(make_joinable(piece, size, original));
}

void DeflateJoiner::verify(Bytes piece, Bytes original) {
  if (inflated_.size() < original.size()) inflated_ = PageBuffer(original.size());
  std::size_t read = 0, written = 0;
  const auto result = libdeflate_deflate_decompress_ex(inflater_.get(), piece.data(), piece.size(), inflated_.data(),
                                                       original.size(), &read, &written);
  if (result != LIBDEFLATE_SUCCESS || read != piece.size() || written != original.size() ||
      (written != 0 && std::memcmp(inflated_.data(), original.data(), written) != 0)) {
    throw_not_the_original();
  }
}

}  // namespace tapster
