// The bytes that the compressors write, and the variants that the decompressors read.
#include "codec/core_lease.h"
#include "codec/crc.h"
#include "support/catch.h"
#include "unit/codec/codec_samples.h"

#include <chrono>

using namespace tapster;

namespace {

const CompressionLevel kLow(CompressionLevel::Named::low);
const CompressionLevel kHigh(CompressionLevel::Named::high);

std::string little(std::uint64_t value, int size) {
  std::string text;
  for (int i = 0; i < size; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

std::string snappy_chunk(int type, const std::string& body) { return bytes({type}) + little(body.size(), 3) + body; }

std::string snappy_stored(const std::string& text) {
  const std::uint32_t crc = crc32c(0, as_bytes(text));
  return snappy_chunk(1, little(((crc >> 15) | (crc << 17)) + 0xa282ead8, 4) + text);
}

const std::string kSnappyIdentifier = bytes({0xff, 6, 0, 0}) + "sNaPpY";

std::string skippable_frame(const std::string& body) {  // of zstd and lz4 alike
  return bytes({0x53, 0x2a, 0x4d, 0x18}) + little(body.size(), 4) + body;
}

}  // namespace

TEST_CASE("gzip: one member without a name, with the time, the XFL of its level and no system") {
  const auto now = [] { return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()); };
  const std::string text = mixed_bytes(5 << 20);
  for (const auto& [level, extra] : {std::pair(1, 4), {2, 0}, {6, 0}, {8, 0}, {9, 2}}) {
    const auto before = now();
    const std::string packed = compress(Compression::gzip, text, CompressionLevel(level));
    CHECK((packed.substr(0, 4) == bytes({0x1f, 0x8b, 8, 0})));
    std::uint32_t time = 0;
    for (int i = 0; i < 4; ++i) time |= static_cast<std::uint32_t>(static_cast<unsigned char>(packed[4 + i])) << 8 * i;
    CHECK(time >= before);
    CHECK(time <= now());
    CHECK((packed.substr(8, 2) == bytes({extra, 255})));
    // One member: the trailer speaks of everything.
    CHECK((packed.substr(packed.size() - 8) == little(crc32(0, as_bytes(text)), 4) + little(text.size(), 4)));
  }
}

TEST_CASE("gzip: a stream that is known to be large is one member, too, made by two threads if two cores are free") {
  const std::string text = mixed_bytes(5 << 20);
  const auto pack = [&] {
    Collect packed;
    const auto sink = make_compressor(Compression::gzip, CompressionLevel(), packed, text.size());
    feed(*sink, text);
    sink->finish();
    CHECK(packed.finished == 1);
    CHECK((decompress(Compression::gzip, packed.text) == text));
    CHECK((packed.text.substr(packed.text.size() - 8) == little(crc32(0, as_bytes(text)), 4) + little(text.size(), 4)));
    return packed.text.size();
  };
  const std::size_t size = pack();
  const CoreLease others(1 << 10);  // leaves no core
  const std::size_t alone = pack();
  CHECK(size <= alone + 10);  // the last piece is opened, and followed by an empty block
  CHECK(size >= alone);
}

TEST_CASE("gzip: the error of the next sink comes out while threads compress, and an unfinished compressor ends them") {
  struct Full final : ByteSink {
    void write(Bytes) override { throw error(ErrorKind::general, "full"); }
    void finish() override { FAIL("finished"); }
  } full;
  const std::string text = mixed_bytes(5 << 20);
  const auto sink = make_compressor(Compression::gzip, CompressionLevel(), full, text.size());
  CHECK_THROWS_WITH((feed(*sink, text), sink->finish()), "full");
  make_compressor(Compression::gzip, CompressionLevel(), full, text.size());
}

TEST_CASE("bzip2: the level is the block size") {
  CHECK(compress(Compression::bzip2, "x", kLow).substr(0, 4) == "BZh1");
  CHECK(compress(Compression::bzip2, "x").substr(0, 4) == "BZh5");
  CHECK(compress(Compression::bzip2, "x", kHigh).substr(0, 4) == "BZh9");
}

TEST_CASE("xz: the stream header announces a CRC64") {
  CHECK((compress(Compression::xz, "x").substr(0, 8) == bytes({0xfd, '7', 'z', 'X', 'Z', 0, 0, 4})));
}

TEST_CASE("zstd: a frame without content size and checksum, known size or not") {
  for (const bool size_known : {true, false}) {
    const std::string packed = compress(Compression::zstd, mixed_bytes(5000000), {}, size_known);
    CHECK((packed.substr(0, 4) == bytes({0x28, 0xb5, 0x2f, 0xfd})));
    CHECK(packed[4] == 0);                    // frame header descriptor
    CHECK(packed[5] == bytes({11 << 3})[0]);  // window descriptor: 2 MiB
  }
}

TEST_CASE("zstd: level 0 is the library's default") {
  const std::string text = mixed_bytes(100000);
  CHECK((compress(Compression::zstd, text, CompressionLevel(0)) ==
         compress(Compression::zstd, text, CompressionLevel(3))));
}

TEST_CASE("lz4: linked blocks of 64 KiB, no checksums, the content size when it is known") {
  const std::string text = mixed_bytes(200000);
  const std::string sized = compress(Compression::lz4, text);
  CHECK((sized.substr(0, 6) == bytes({0x04, 0x22, 0x4d, 0x18, 0x48, 0x40})));
  CHECK((sized.substr(6, 8) == little(text.size(), 8)));
  const std::string unsized = compress(Compression::lz4, text, {}, false);
  CHECK((unsized.substr(0, 6) == bytes({0x04, 0x22, 0x4d, 0x18, 0x40, 0x40})));
  CHECK((sized.substr(sized.size() - 4) == little(0, 4)));
}

TEST_CASE("lz4: levels above 12 act as 12") {
  const std::string text = mixed_bytes(200000);
  const std::string twelve = compress(Compression::lz4, text, CompressionLevel(12));
  CHECK((compress(Compression::lz4, text, CompressionLevel(16)) == twelve));
  CHECK((compress(Compression::lz4, text, CompressionLevel(11)) != twelve));
}

TEST_CASE("snappy: an identifier, chunks of 64 KiB, stored where compressing does not help") {
  const std::string noise = random_bytes(65536 + 10);
  CHECK((compress(Compression::snappy, noise) ==
         kSnappyIdentifier + snappy_stored(noise.substr(0, 65536)) + snappy_stored(noise.substr(65536))));
  const std::string packed = compress(Compression::snappy, std::string(65536, 'a'));
  CHECK((packed.substr(0, 10) == kSnappyIdentifier));
  CHECK(packed[10] == 0);
  CHECK(packed.size() < 4000);
  CHECK(compress(Compression::snappy, "").empty());
}

TEST_CASE("several members, streams or frames are read as one") {
  const std::string one = mixed_bytes(100000), two = random_bytes(1000);
  for (const Compression compression : all_compressions()) {
    CAPTURE(name_of(compression));
    const std::string joined = compress(compression, one) + compress(compression, "") + compress(compression, two);
    CHECK((decompress(compression, joined) == one + two));
    CHECK((decompress(compression, joined, 1) == one + two));
  }
}

TEST_CASE("gzip: every optional field of the header, and zeros behind a member") {
  const std::string plain = compress(Compression::gzip, "content");
  std::string header = plain.substr(0, 10);
  header[3] = 2 | 4 | 8 | 16;  // FHCRC, FEXTRA, FNAME, FCOMMENT
  header += little(3, 2) + "abc" + std::string("name\0comment\0", 13);
  const std::string decorated = header + little(crc32(0, as_bytes(header)) & 0xffff, 2) + plain.substr(10);
  CHECK(decompress(Compression::gzip, decorated) == "content");
  CHECK(decompress(Compression::gzip, decorated, 1) == "content");
  std::string wrong = decorated;
  wrong[header.size()] = static_cast<char>(wrong[header.size()] ^ 1);
  CHECK_THROWS_AS(decompress(Compression::gzip, wrong), Error);
  CHECK(decompress(Compression::gzip, plain + std::string(100000, '\0')) == "content");
  CHECK(decompress(Compression::gzip, plain + std::string(512, '\0') + decorated) == "contentcontent");
}

TEST_CASE("xz: padding between and behind streams") {
  const std::string packed = compress(Compression::xz, "content");
  CHECK(decompress(Compression::xz, packed + std::string(8, '\0') + packed + std::string(4, '\0')) == "contentcontent");
  CHECK_THROWS_AS(decompress(Compression::xz, packed + std::string(3, '\0')), Error);
}

TEST_CASE("zstd and lz4: skippable frames anywhere") {
  const std::string skippable = skippable_frame("to be skipped") + skippable_frame("");
  for (const Compression compression : {Compression::zstd, Compression::lz4}) {
    const std::string packed = compress(compression, "content");
    for (const std::size_t pieces : {1, 1000})
      CHECK(decompress(compression, skippable + packed + skippable + packed + skippable, pieces) == "contentcontent");
    CHECK_THROWS_AS(decompress(compression, packed + skippable_frame("cut").substr(0, 10)), Error);
  }
}

TEST_CASE("snappy: repeated identifiers, padding and skippable chunks") {
  const std::string packed = compress(Compression::snappy, "content");
  const std::string extra =
      snappy_chunk(0xfe, std::string(100000, '\0')) + snappy_chunk(0x80, "") + snappy_chunk(0xfd, "x");
  for (const std::size_t pieces : {1, 1000})
    CHECK(decompress(Compression::snappy, packed + extra + packed + extra, pieces) == "contentcontent");
  CHECK(decompress(Compression::snappy, packed + snappy_stored("")) == "content");
  CHECK(decompress(Compression::snappy, "").empty());
}

TEST_CASE("snappy: the error says why a chunk is not valid") {
  const std::string packed = compress(Compression::snappy, "content");
  const auto refusal = [](const std::string& stream) -> std::string {
    try {
      decompress(Compression::snappy, stream);
    } catch (const Error& problem) {
      return problem.what();
    }
    return "none";
  };
  CHECK_THAT(refusal(packed.substr(10)), ContainsSubstring("not a snappy framing stream"));
  CHECK_THAT(refusal(bytes({0xff, 6, 0, 0}) + "sNaPpy"), ContainsSubstring("identifier is wrong"));
  CHECK_THAT(refusal(bytes({0xff, 7, 0, 0}) + "sNaPpY!"), ContainsSubstring("identifier is wrong"));
  CHECK_THAT(refusal(packed + snappy_chunk(2, "reserved")), ContainsSubstring("unknown type"));
  CHECK_THAT(refusal(packed + snappy_chunk(1, "123")), ContainsSubstring("impossible length"));
  CHECK_THAT(refusal(packed + snappy_chunk(1, std::string(65541, 'x'))), ContainsSubstring("impossible length"));
  CHECK_THAT(refusal(packed + snappy_chunk(0, std::string(80000, 'x'))), ContainsSubstring("impossible length"));
  CHECK_THAT(refusal(packed + snappy_chunk(1, "1234wrong checksum")), ContainsSubstring("checksum is wrong"));
  CHECK_THAT(refusal(packed + snappy_chunk(0, "1234\xff\xff\xff\xff\x0f")),
             ContainsSubstring("cannot be uncompressed"));
}
