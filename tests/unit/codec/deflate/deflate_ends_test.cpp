#include "codec/deflate/deflate_ends.h"

#include "support/catch.h"
#include "unit/codec/codec_samples.h"

#include <zlib.h>

#include <random>

using namespace tapster;

namespace {

std::vector<std::byte> zlib_deflate(const std::string& text, int level, int strategy) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, level, Z_DEFLATED, -15, 8, strategy) == Z_OK);
  std::vector<std::byte> packed(deflateBound(&stream, text.size()) + 100);
  std::string input = text;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// The ends as zlib finds them, which can stop after every block.
DeflateEnds ends_by_zlib(std::vector<std::byte> packed) {
  constexpr int kUnusedBits = 7, kBehindBlock = 128;
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, -15) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  std::vector<Bytef> out(1 << 20);
  DeflateEnds ends;
  for (int result = Z_OK; result == Z_OK;) {
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    result = inflate(&stream, Z_BLOCK);
    REQUIRE((result == Z_OK || result == Z_STREAM_END));
    if ((stream.data_type & kBehindBlock) == 0) continue;
    ends.last_block = ends.stream;
    ends.stream = (packed.size() - stream.avail_in) * 8 - static_cast<std::size_t>(stream.data_type & kUnusedBits);
    if (stream.data_type & 64) break;
  }
  inflateEnd(&stream);
  return ends;
}

}  // namespace

TEST_CASE("the ends of a deflate stream are where zlib finds them") {
  const std::string mixed = mixed_bytes(300000), random = random_bytes(200000);
  for (const std::string& text :
       {std::string(), std::string("x"), std::string(100000, 'x'), mixed, random, mixed + random + mixed}) {
    for (const int level : {0, 1, 6, 9}) {
      for (const int strategy : {Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE}) {
        CAPTURE(text.size(), level, strategy);
        auto packed = zlib_deflate(text, level, strategy);
        const DeflateEnds expected = ends_by_zlib(packed);
        for (const bool followed : {false, true}) {
          if (followed) packed.resize(packed.size() + 20, std::byte{0xff});
          const auto found = find_deflate_ends(packed);
          REQUIRE(found);
          CHECK(found->last_block == expected.last_block);
          CHECK(found->stream == expected.stream);
        }
      }
    }
  }
}

TEST_CASE("a deflate stream that is cut off has no end") {
  const auto packed = zlib_deflate(mixed_bytes(20000), 6, Z_DEFAULT_STRATEGY);
  for (std::size_t size = 0; size < packed.size(); ++size) CHECK_FALSE(find_deflate_ends(Bytes(packed).first(size)));
  CHECK(find_deflate_ends(packed));
}

TEST_CASE("the search in damaged streams ends, and reads nothing behind them") {
  std::minstd_rand generator(3);
  const auto packed = zlib_deflate(mixed_bytes(3000), 6, Z_DEFAULT_STRATEGY);
  for (int round = 0; round < 20000; ++round) {
    auto damaged = packed;
    for (int i = 0; i < 4; ++i)
      damaged[generator() % (i < 2 ? 80 : damaged.size())] = static_cast<std::byte>(generator());
    damaged.shrink_to_fit();  // for the sanitizer to see what is read behind the end
    if (const auto found = find_deflate_ends(damaged)) REQUIRE(found->stream <= damaged.size() * 8);
  }
  constexpr std::byte kReservedType{7};
  CHECK_FALSE(find_deflate_ends(std::vector<std::byte>(1, kReservedType)));
}
