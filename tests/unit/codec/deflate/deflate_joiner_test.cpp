#include "codec/deflate/deflate_joiner.h"

#include "support/catch.h"
#include "unit/codec/codec_samples.h"

#include <libdeflate.h>

using namespace tapster;

namespace {

std::vector<std::byte> deflate(const std::string& text) {
  libdeflate_compressor* const deflater = libdeflate_alloc_compressor(6);
  std::vector<std::byte> packed(libdeflate_deflate_compress_bound(deflater, text.size()));
  packed.resize(libdeflate_deflate_compress(deflater, text.data(), text.size(), packed.data(), packed.size()));
  libdeflate_free_compressor(deflater);
  return packed;
}

// Inflates one stream; `read` becomes the number of bytes that were read.
std::string inflate(const std::vector<std::byte>& packed, std::size_t size, std::size_t& read) {
  std::string text(size, '\0');
  libdeflate_decompressor* const inflater = libdeflate_alloc_decompressor();
  const auto result =
      libdeflate_deflate_decompress_ex(inflater, packed.data(), packed.size(), text.data(), size, &read, nullptr);
  libdeflate_free_decompressor(inflater);
  REQUIRE(result == LIBDEFLATE_SUCCESS);
  return text;
}

}  // namespace

TEST_CASE("pieces that end on any bit join into one stream") {
  DeflateJoiner joiner;
  std::string all;
  std::vector<std::byte> joined;
  const std::string text = mixed_bytes(400000);
  // Short texts end on every bit of a byte; the long ones have several blocks, compressed and stored.
  for (std::size_t size = 0; size < 60; ++size) {
    for (const std::string& part : {text.substr(0, size), text.substr(0, size * 6000), random_bytes(size * 2000)}) {
      auto piece = deflate(part);
      joiner.make_joinable(piece, as_bytes(part));
      joined.insert(joined.end(), piece.begin(), piece.end());
      all += part;
    }
  }
  const auto last = deflate("the end");
  joined.insert(joined.end(), last.begin(), last.end());
  std::size_t read = 0;
  CHECK((inflate(joined, all.size() + 7, read) == all + "the end"));
  CHECK(read == joined.size());
}

TEST_CASE("a piece that does not decompress to its original is refused") {
  DeflateJoiner joiner;
  const std::string text = mixed_bytes(100000);
  const auto piece = deflate(text);
  CHECK_NOTHROW(joiner.verify(piece, as_bytes(text)));
  CHECK_THROWS_AS(joiner.verify(piece, as_bytes(text.substr(0, 99999))), Error);
  CHECK_THROWS_AS(joiner.verify(piece, as_bytes(text + "x")), Error);
  for (std::size_t i = 0; i + 1 < piece.size(); i += piece.size() / 50) {
    auto damaged = piece;
    damaged[i] ^= std::byte{4};
    CHECK_THROWS_AS(joiner.make_joinable(damaged, as_bytes(text)), Error);
  }
  CHECK_THROWS_AS(joiner.verify(Bytes(piece).first(piece.size() - 1), as_bytes(text)), Error);
  auto longer = piece;
  longer.push_back(std::byte{0});
  CHECK_THROWS_AS(joiner.verify(longer, as_bytes(text)), Error);
  CHECK_NOTHROW(joiner.verify(piece, as_bytes(text)));  // not disturbed by the failures before
}
