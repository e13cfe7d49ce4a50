// What several threads compress, every reader of the format can read.
#include "codec/backup_compressor.h"

#include "support/catch.h"
#include "unit/codec/codec_samples.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

using namespace tapster;

namespace {

constexpr std::size_t kMiB = 1U << 20U;
constexpr Compression kFormats[] = {Compression::gzip,   Compression::zstd,  Compression::lz4,
                                    Compression::snappy, Compression::bzip2, Compression::none};

std::string packed(Compression compression, std::string_view text, int threads, CompressionLevel level = {}) {
  Collect collected;
  const auto sink = make_backup_compressor(compression, level, threads, collected);
  feed(*sink, text);
  sink->finish();
  CHECK(collected.finished == 1);
  return collected.text;
}

std::string filtered(const std::string& command, const std::string& input) {
  std::string path = (std::filesystem::temp_directory_path() / "tapster-packed-XXXXXX").string();
  const int file = mkstemp(path.data());
  REQUIRE(file >= 0);
  ::close(file);
  std::ofstream(path, std::ios::binary) << input;
  const std::string line = command + " <" + path + " >" + path + ".out";
  INFO(line);
  FILE* const pipe = popen(line.c_str(), "r");
  REQUIRE(pipe != nullptr);
  const int status = pclose(pipe);
  std::ifstream out(path + ".out", std::ios::binary);
  const std::string output{std::istreambuf_iterator<char>(out), {}};
  std::filesystem::remove(path);
  std::filesystem::remove(path + ".out");
  REQUIRE(status == 0);
  return output;
}

struct FullDisk final : ByteSink {
  explicit FullDisk(std::size_t size) : room(size) {}
  void write(Bytes data) override {
    if (data.size() > room) throw std::length_error("the disk is full");
    room -= data.size();
  }
  void finish() override {
    if (fails_at_end) throw std::length_error("the disk is full at the end");
  }
  std::size_t room;
  bool fails_at_end = false;
};

}  // namespace

TEST_CASE("what several threads compressed is decompressed to the original, for all sizes") {
  for (const Compression compression : kFormats) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{65535}, std::size_t{65536}, kMiB - 1,
                                   kMiB, kMiB + 1, 16 * kMiB, 17 * kMiB + 12345}) {
      if (compression == Compression::bzip2 && size > kMiB + 1) continue;  // slow, and nothing that is ours
      CAPTURE(name_of(compression), size);
      const std::string text = mixed_bytes(size);
      CHECK((decompress(compression, packed(compression, text, 3)) == text));
    }
  }
}

TEST_CASE("bytes that are put into a compressor's room are compressed like those that are written") {
  const Compression compression = GENERATE(Compression::gzip, Compression::lz4, Compression::snappy);
  const std::string text = mixed_bytes(5 * kMiB + 12345);
  Collect collected;
  const auto sink = make_backup_compressor(compression, {}, 2, collected);
  std::string_view rest = text;
  for (std::size_t piece = 1; !rest.empty(); piece = piece * 3 % 300001 + 1) {
    if (piece % 5 == 0) {  // both by turns
      const std::string_view part = rest.substr(0, piece);
      sink->write(as_bytes(part));
      rest.remove_prefix(part.size());
      continue;
    }
    const std::span<std::byte> room = sink->room();
    const std::size_t count = std::min({piece, room.size(), rest.size()});
    REQUIRE(count != 0);
    std::memcpy(room.data(), rest.data(), count);
    rest.remove_prefix(count);
    sink->filled(count);
  }
  sink->finish();
  std::string written = packed(compression, text, 2);
  if (compression == Compression::gzip) {  // a header tells when: they may be of two seconds
    for (std::string* made : {&collected.text, &written}) made->replace(4, 4, 4, '\0');
  }
  CHECK((collected.text == written));
}

TEST_CASE("what cannot shrink grows by less than a hundredth") {
  const std::string text = random_bytes(5 * kMiB + 77);
  for (const Compression compression : kFormats) {
    CAPTURE(name_of(compression));
    const std::string result = packed(compression, text, 2);
    CHECK(result.size() < text.size() + text.size() / 100);
    CHECK((decompress(compression, result) == text));
  }
}

TEST_CASE("the number of threads does not change the compressed stream") {
  const std::string text = mixed_bytes(9 * kMiB + 5);
  for (const Compression compression : {Compression::zstd, Compression::lz4, Compression::snappy}) {
    CAPTURE(name_of(compression));
    const std::string one = packed(compression, text, 1);
    for (const int threads : {0, 2, 4, 9}) CHECK((packed(compression, text, threads) == one));
  }
}

TEST_CASE("every level of a backup is decompressed to the original, and a higher one is not larger") {
  const std::string text = mixed_bytes(3 * kMiB);
  for (const Compression compression : kFormats) {
    std::size_t last = text.size() + 100;
    for (const auto name :
         {CompressionLevel::Named::low, CompressionLevel::Named::medium, CompressionLevel::Named::high}) {
      const std::string result = packed(compression, text, 2, CompressionLevel(name));
      CAPTURE(name_of(compression), last, result.size());
      CHECK(result.size() <= last + last / 100);
      last = result.size();
      CHECK((decompress(compression, result) == text));
    }
    for (const int level : {-7, 0, 1, 5, 12, 100}) {
      if (compression == Compression::zstd && level == 100) continue;  // level 22 takes its time
      CAPTURE(name_of(compression), level);
      CHECK((decompress(compression, packed(compression, text, 2, CompressionLevel(level))) == text));
    }
  }
}

TEST_CASE("a backup's medium level is bzip2's best and the tools' default of zstd and lz4") {
  const std::string text = mixed_bytes(kMiB);
  CHECK((packed(Compression::bzip2, text, 2) == packed(Compression::bzip2, text, 2, CompressionLevel(9))));
  CHECK((packed(Compression::lz4, text, 2) == packed(Compression::lz4, text, 2, CompressionLevel(0))));
  CHECK((packed(Compression::zstd, text, 2) == packed(Compression::zstd, text, 2, CompressionLevel(3))));
  CHECK(packed(Compression::gzip, text, 2).size() == packed(Compression::gzip, text, 2, CompressionLevel(6)).size());
}

TEST_CASE("the tools read what several threads compressed") {
  const std::pair<Compression, std::string> tools[] = {{Compression::gzip, "gzip -dc"},
                                                       {Compression::zstd, "zstd -qdc"},
                                                       {Compression::lz4, "lz4 -qdc"},
                                                       {Compression::bzip2, "bzip2 -dc"}};
  for (const auto& [compression, tool] : tools) {
    for (const std::string& text : {std::string(), mixed_bytes(5 * kMiB + 11), random_bytes(2 * kMiB)}) {
      CAPTURE(tool, text.size());
      CHECK((filtered(tool, packed(compression, text, 2)) == text));
    }
  }
}

TEST_CASE("each format is one stream: one member, one frame") {
  const std::string text = mixed_bytes(5 * kMiB);
  // zlib and the tools go on behind the end of a stream: a first member that holds everything is the proof.
  const std::string gzip = packed(Compression::gzip, text, 2);
  CHECK((filtered("/usr/bin/python3 -c 'import sys, zlib; d = zlib.decompressobj(31); "
                  "sys.stdout.buffer.write(d.decompress(sys.stdin.buffer.read()) + d.unused_data)'",
                  gzip) == text));
  const std::string zstd = filtered("sh -c 'zstd -lv $(readlink -f /dev/stdin)'", packed(Compression::zstd, text, 2));
  CHECK_THAT(zstd, ContainsSubstring("# Zstandard Frames: 1\n"));
  const std::string lz4 = filtered("lz4 --list /dev/stdin", packed(Compression::lz4, text, 2));
  CHECK_THAT(lz4, ContainsSubstring("  1       LZ4Frame   B6I"));
}

TEST_CASE("an empty stream has the size that its format requires") {
  CHECK(packed(Compression::snappy, "", 2).empty());
  CHECK(packed(Compression::lz4, "", 2).size() == 11);   // header and end mark
  CHECK(packed(Compression::gzip, "", 2).size() == 20);  // header, empty block, trailer
}

TEST_CASE("what the next sink throws comes out of write or finish") {
  const std::string text = random_bytes(30 * kMiB);
  for (const Compression compression : {Compression::gzip, Compression::zstd, Compression::lz4, Compression::snappy}) {
    CAPTURE(name_of(compression));
    for (const std::size_t room : {std::size_t{0}, 3 * kMiB}) {
      FullDisk disk(room);
      const auto sink = make_backup_compressor(compression, {}, 2, disk);
      CHECK_THROWS_AS(feed(*sink, text), std::length_error);
      CHECK_THROWS_AS(sink->finish(), std::length_error);
    }
    FullDisk disk(0);
    const auto small = make_backup_compressor(compression, {}, 2, disk);
    CHECK_THROWS_AS((feed(*small, "little"), small->finish()), std::length_error);
    FullDisk last(100 * kMiB);
    last.fails_at_end = true;
    const auto at_end = make_backup_compressor(compression, {}, 2, last);
    feed(*at_end, "little");
    CHECK_THROWS_AS(at_end->finish(), std::length_error);
  }
}

TEST_CASE("a compressor that is destroyed unfinished ends its threads and finishes nothing") {
  for (const Compression compression : kFormats) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{10}, 3 * kMiB, 9 * kMiB}) {
      CAPTURE(name_of(compression), size);
      Collect collected;
      {
        const auto sink = make_backup_compressor(compression, {}, 3, collected);
        feed(*sink, std::string(size, 'x'));
      }
      CHECK(collected.finished == 0);
    }
  }
}
