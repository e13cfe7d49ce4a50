#include "support/catch.h"
#include "unit/codec/codec_samples.h"

using namespace tapster;

TEST_CASE("what was compressed is decompressed to the original, for all sizes and pieces") {
  for (const Compression compression : all_compressions()) {
    for (const std::size_t size : {0, 1, 65535, 65536, 65537, 500003}) {
      for (const std::string& text : {random_bytes(size), mixed_bytes(size), std::string(size, 'x')}) {
        CAPTURE(name_of(compression), size);
        CHECK((decompress(compression, compress(compression, text)) == text));
        CHECK((decompress(compression, compress(compression, text, {}, false), 7) == text));
      }
    }
  }
}

TEST_CASE("what every level compressed is decompressed to the original") {
  const std::string text = mixed_bytes(100000);
  for (const Compression compression : all_compressions())
    for (int level = compression == Compression::zstd ? -22 : 0; level <= 22; ++level) {
      if (level > 16 && compression != Compression::zstd) break;
      CAPTURE(name_of(compression), level);
      const std::string packed = compress(compression, text, CompressionLevel(level));
      CHECK((decompress(compression, packed) == text));
    }
}

TEST_CASE("a WAL segment of 16 MiB is decompressed to the original, and hardly grows when it cannot shrink") {
  const std::size_t size = 16 << 20;
  const std::string noise = random_bytes(size), mixed = mixed_bytes(size);
  for (const Compression compression : {Compression::gzip, Compression::zstd, Compression::lz4, Compression::snappy}) {
    CAPTURE(name_of(compression));
    const std::string packed_noise = compress(compression, noise);
    CHECK(packed_noise.size() < size + size / 4096);
    CHECK((decompress(compression, packed_noise) == noise));
    const std::string packed = compress(compression, mixed);
    CHECK(packed.size() < size / 2);
    CHECK((decompress(compression, packed) == mixed));
  }
}

TEST_CASE("decompressed data is written in pieces of bounded size, and finished once") {
  const std::string zeros(5 << 20, '\0');
  for (const Compression compression : all_compressions()) {
    CAPTURE(name_of(compression));
    const std::string packed = compress(compression, zeros);
    Collect collected;
    const auto sink = make_decompressor(compression, collected);
    sink->write(as_bytes(packed));
    CHECK(collected.finished == 0);
    sink->finish();
    CHECK(collected.finished == 1);
    CHECK(collected.largest <= 256 * 1024);
    CHECK((collected.text == zeros));
  }
}

TEST_CASE("without compression bytes pass as they are") {
  CHECK(compress(Compression::none, "as it is") == "as it is");
  CHECK(decompress(Compression::none, "as it is") == "as it is");
}

TEST_CASE("a stream that differs from its announced size is refused by the formats that use the size") {
  for (const Compression compression : {Compression::lz4, Compression::zstd}) {
    for (const char* text : {"short", "much too long"}) {
      Collect collected;
      const auto sink = make_compressor(compression, {}, collected, 8);
      CHECK_THROWS_AS((sink->write(as_bytes(text)), sink->finish()), Error);
      CHECK(collected.finished == 0);
    }
  }
}
