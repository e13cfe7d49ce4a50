#include "support/catch.h"
#include "unit/codec/codec_samples.h"

#include <new>

using namespace tapster;

namespace {

// Whether the damage is refused; the error must name the format.
bool refused(Compression compression, const std::string& damaged) {
  try {
    decompress(compression, damaged);
    return false;
  } catch (const Error& problem) {
    CHECK(problem.kind() == ErrorKind::general);
    CHECK_THAT(problem.what(), ContainsSubstring(std::string(name_of(compression)) + " "));
    return true;
  }
}

}  // namespace

TEST_CASE("a stream cut anywhere is refused") {
  const std::string text = mixed_bytes(150000) + random_bytes(1000);
  for (const Compression compression : all_compressions()) {
    const std::string packed = compress(compression, text);
    for (std::size_t i = 0; i < 200; ++i) {
      // The ends byte by byte, where headers and trailers are, and evenly in between.
      const std::size_t cut = i < 50 ? i : i >= 150 ? packed.size() - 200 + i : packed.size() * (i - 49) / 101;
      CAPTURE(name_of(compression), cut, packed.size());
      // A snappy stream has no end mark: between two chunks it may be over.
      const bool between_chunks = compression == Compression::snappy && (cut == 0 || cut == 10);
      CHECK(refused(compression, packed.substr(0, cut)) != between_chunks);
    }
  }
}

TEST_CASE("garbage is refused, alone and after a stream") {
  for (const Compression compression : all_compressions()) {
    CAPTURE(name_of(compression));
    CHECK(refused(compression, "this was never compressed"));
    CHECK(refused(compression, std::string(100, '\0')));
    CHECK(refused(compression, compress(compression, "content") + "garbage behind it"));
    CHECK(refused(compression, compress(compression, "content") + std::string(5, '\0') + "garbage"));
    CHECK(refused(compression, "") == (compression != Compression::snappy));
  }
}

TEST_CASE("a flipped bit is noticed by the formats with checksums, and never harms the others") {
  const std::string text = mixed_bytes(100000);
  for (const Compression compression : all_compressions()) {
    const std::string packed = compress(compression, text);
    const bool checksums = compression != Compression::lz4 && compression != Compression::zstd;
    for (std::size_t i = 0; i < 400; ++i) {
      const std::size_t position = i < 40 ? i : i < 80 ? packed.size() - 80 + i : packed.size() * (i - 80) / 320;
      // Outside the checksums: the time, XFL and system of a gzip header.
      if (compression == Compression::gzip && position >= 4 && position < 10) continue;
      std::string damaged = packed;
      damaged[position] = static_cast<char>(damaged[position] ^ (1 << (i % 8)));
      CAPTURE(name_of(compression), position, i % 8);
      const bool noticed = refused(compression, damaged);
      // A chunk type turned into a skippable one is valid snappy, as is bzip2's unread level.
      if (checksums && !noticed)
        CHECK((compression == Compression::snappy || decompress(compression, damaged) == text));
    }
  }
}

TEST_CASE("a header that asks for too much memory is refused") {
  // zstd: a window of 2^28 bytes, above the 128 MiB that are read.
  CHECK(refused(Compression::zstd, bytes({0x28, 0xb5, 0x2f, 0xfd, 0, (28 - 10) << 3, 1, 0, 0})));
  // xz: a dictionary of 1.5 GiB (properties byte 37), with the CRCs of the headers in order.
  const std::string packed = compress(Compression::xz, "content");
  std::string greedy = packed.substr(0, 12) + bytes({2, 0, 0x21, 1, 37, 0, 0, 0, 0x3b, 0x78, 0x7b, 0x41});
  try {
    decompress(Compression::xz, greedy + packed.substr(24));
    FAIL("accepted");
  } catch (const Error& problem) {
    CHECK_THAT(problem.what(), ContainsSubstring("256 MiB"));
  }
}
