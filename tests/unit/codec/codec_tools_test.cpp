// Compares with the formats' own command-line tools, which must be installed.
#include "support/catch.h"
#include "unit/codec/codec_samples.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace tapster;

namespace {

struct Tool {
  Compression compression;
  std::string name;
};

const Tool kTools[] = {{Compression::gzip, "gzip"},
                       {Compression::bzip2, "bzip2"},
                       {Compression::xz, "xz"},
                       {Compression::zstd, "zstd -q"},
                       {Compression::lz4, "lz4 -q"}};

class Folder {
 public:
  Folder() { REQUIRE(mkdtemp(path_.data()) != nullptr); }
  ~Folder() { std::filesystem::remove_all(path_); }

  // The output of `command`, a filter.
  std::string run(const std::string& command, const std::string& input) const {
    std::ofstream(path_ + "/in", std::ios::binary) << input;
    const std::string line = command + " <" + path_ + "/in >" + path_ + "/out";
    INFO(line);
    FILE* const pipe = popen(line.c_str(), "r");
    REQUIRE(pipe != nullptr);
    REQUIRE(pclose(pipe) == 0);
    std::ifstream out(path_ + "/out", std::ios::binary);
    return {std::istreambuf_iterator<char>(out), {}};
  }

 private:
  std::string path_ = (std::filesystem::temp_directory_path() / "tapster-codecs-XXXXXX").string();
};

}  // namespace

TEST_CASE("the tools read what we write") {
  const Folder folder;
  for (const Tool& tool : kTools)
    for (const std::size_t size : {0, 1, 65536, 1000000})
      for (const std::string& text : {random_bytes(size), mixed_bytes(size)}) {
        CAPTURE(tool.name, size);
        CHECK((folder.run(tool.name + " -dc", compress(tool.compression, text)) == text));
      }
}

TEST_CASE("we read what the tools write, several streams too") {
  const Folder folder;
  const std::string text = mixed_bytes(1000000);
  for (const Tool& tool : kTools) {
    CAPTURE(tool.name);
    const std::string packed = folder.run(tool.name + " -c", text);
    CHECK((decompress(tool.compression, packed) == text));
    const std::string empty = folder.run(tool.name + " -c", "");
    CHECK((decompress(tool.compression, packed + empty + packed) == text + text));
    for (const char* level : {" -1", " -9"})
      CHECK((decompress(tool.compression, folder.run(tool.name + level + " -c", text)) == text));
  }
}

TEST_CASE("we read the variants that the tools can write") {
  const Folder folder;
  const std::string text = mixed_bytes(1500000) + std::string(3000000, 'z');
  for (const char* options : {"-B4", "-B4 -BI", "-B7 -BI", "-B7 -BD -BX", "--no-frame-crc", "--content-size"})
    CHECK((decompress(Compression::lz4, folder.run(std::string("lz4 -q -c ") + options, text)) == text));
  for (const char* options : {"--check", "--no-check", "--long=27", "-12", "--fast=5", "--rsyncable"})
    CHECK((decompress(Compression::zstd, folder.run(std::string("zstd -q -c ") + options, text)) == text));
  for (const char* options : {"-C none", "-C crc32", "-C crc64", "-C sha256", "--block-size=1MiB", "--delta --lzma2"})
    CHECK((decompress(Compression::xz, folder.run(std::string("xz -c -T1 ") + options, text)) == text));
}

TEST_CASE("no level is more than a fiftieth larger than gzip's") {
  const Folder folder;
  const std::string text = mixed_bytes(5 << 20);
  for (const int level : {1, 6, 9}) {
    CAPTURE(level);
    const auto original = folder.run("gzip -c -" + std::to_string(level), text).size();
    CHECK(compress(Compression::gzip, text, CompressionLevel(level)).size() <= original + original / 50);
  }
}

TEST_CASE("xz and zstd describe the streams like those of the original") {
  const Folder folder;
  const std::string text = mixed_bytes(5000000);
  const std::string xz = folder.run("sh -c 'cat >$0.xz && xz --robot -lvv $0.xz && rm $0.xz' $(mktemp -u)",
                                    compress(Compression::xz, text));
  CHECK_THAT(xz, ContainsSubstring("file\t1\t1\t"));
  CHECK_THAT(xz, ContainsSubstring("CRC64"));
  CHECK_THAT(xz, ContainsSubstring("--lzma2=dict=4MiB"));
  const std::string zstd = folder.run("sh -c 'cat >$0.zst && zstd -lv $0.zst 2>/dev/null && rm $0.zst' $(mktemp -u)",
                                      compress(Compression::zstd, text));
  CHECK_THAT(zstd, ContainsSubstring("Check: None"));
  CHECK_THAT(zstd, ContainsSubstring("Window Size: 2.00 MiB (2097152 B)"));
  CHECK_THAT(zstd, !ContainsSubstring("Decompressed Size"));
}
