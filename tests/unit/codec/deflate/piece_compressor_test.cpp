#include "codec/deflate/piece_compressor.h"

#include "support/catch.h"
#include "unit/codec/codec_samples.h"

#include <libdeflate.h>

using namespace tapster;

namespace {

std::string packed_pieces(PieceCompressor& deflater, const std::vector<std::string>& parts) {
  std::string stream;
  for (const std::string& part : parts) {
    std::vector<std::byte> piece(max_piece_size(part.size()));
    const std::size_t size = deflater.compress(as_bytes(part), piece);
    REQUIRE(size <= piece.size());
    stream.append(reinterpret_cast<const char*>(piece.data()), size);
  }
  return stream.append(reinterpret_cast<const char*>(kLastDeflateBlock), sizeof kLastDeflateBlock);
}

std::string inflated(const std::string& stream, std::size_t size) {
  std::string text(size, '\0');
  libdeflate_decompressor* const inflater = libdeflate_alloc_decompressor();
  std::size_t read = 0, written = 0;
  const auto result = libdeflate_deflate_decompress_ex(inflater, stream.data(), stream.size(), text.data(), text.size(),
                                                       &read, &written);
  libdeflate_free_decompressor(inflater);
  CHECK(result == LIBDEFLATE_SUCCESS);
  CHECK(read == stream.size());
  CHECK(written == size);
  return text;
}

}  // namespace

TEST_CASE("pieces of every level and content form one stream") {
  const std::vector<std::string> parts{mixed_bytes(300000),      random_bytes(1 << 20),     "x",
                                       std::string(200000, ' '), random_bytes(65535 * 2),   random_bytes(5),
                                       mixed_bytes(1 << 20),     random_bytes(65535 + 1000)};
  std::string all;
  for (const std::string& part : parts) all += part;
  for (int level = 1; level <= 9; ++level) {
    CAPTURE(level);
    const auto deflater = make_piece_compressor(level);
    CHECK((inflated(packed_pieces(*deflater, parts), all.size()) == all));
  }
}

TEST_CASE("the fastest level still compresses, and not much worse than the next one") {
  const std::string text = mixed_bytes(1 << 20);
  const std::size_t fastest = packed_pieces(*make_piece_compressor(1), {text}).size();
  const std::size_t next = packed_pieces(*make_piece_compressor(2), {text}).size();
  CHECK(fastest < text.size() / 2);
  CHECK(fastest < next * 5 / 4);
}

TEST_CASE("what ISA-L cannot shrink is stored as it is") {
  const auto deflater = make_isal_piece_compressor();
  if (!deflater) return;  // this processor has no ISA-L: level 1 is libdeflate's
  const std::string text = random_bytes(200000);
  CHECK(packed_pieces(*deflater, {text}).size() == text.size() + 4 * 5 + sizeof kLastDeflateBlock);
}
