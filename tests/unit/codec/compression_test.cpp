#include "support/catch.h"
#include "unit/codec/codec_samples.h"

#include <tapster/log.h>

#include <unistd.h>

#include <cstdio>

using namespace tapster;

namespace {

int resolved(std::string_view text, Compression compression) {
  const auto level = CompressionLevel::parse(text);
  REQUIRE(level);
  return level->resolve(compression);
}

// What `action` writes to standard error.
template <typename Action>
std::string standard_error_of(Action action) {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  const int saved = dup(STDERR_FILENO);
  dup2(fileno(file), STDERR_FILENO);
  action();
  dup2(saved, STDERR_FILENO);
  close(saved);
  std::rewind(file);
  std::string text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

}  // namespace

TEST_CASE("named levels follow the table of the original") {
  struct Row {
    Compression compression;
    int low, medium, high;
  };
  for (const Row& row : {Row{Compression::gzip, 1, 6, 9},
                         {Compression::bzip2, 1, 5, 9},
                         {Compression::xz, 1, 3, 5},
                         {Compression::zstd, 1, 4, 9},
                         {Compression::lz4, 0, 6, 10}}) {
    CAPTURE(name_of(row.compression));
    CHECK(resolved("low", row.compression) == row.low);
    CHECK(resolved("Medium", row.compression) == row.medium);
    CHECK(resolved("", row.compression) == row.medium);
    CHECK(resolved("HIGH", row.compression) == row.high);
    CHECK(CompressionLevel().resolve(row.compression) == row.medium);
  }
}

TEST_CASE("numbers are clamped to the range of the format") {
  CHECK(resolved("0", Compression::gzip) == 1);
  CHECK(resolved("10", Compression::gzip) == 9);
  CHECK(resolved("7", Compression::gzip) == 7);
  CHECK(resolved("-1", Compression::bzip2) == 1);
  CHECK(resolved("12", Compression::xz) == 9);
  CHECK(resolved("-23", Compression::zstd) == -22);
  CHECK(resolved("-5", Compression::zstd) == -5);
  CHECK(resolved("0", Compression::zstd) == 0);
  CHECK(resolved("99999999999999999999", Compression::zstd) == 22);
  CHECK(resolved("-99999999999999999999", Compression::lz4) == 0);
  CHECK(resolved("13", Compression::lz4) == 13);
  CHECK(resolved("17", Compression::lz4) == 16);
}

TEST_CASE("clamping is logged at the debug level, and only for formats with levels") {
  log::set_threshold(log::Level::debug);
  const std::string clamped = standard_error_of([] { resolved("17", Compression::gzip); });
  const std::string quiet = standard_error_of([] {
    resolved("9", Compression::gzip);
    resolved("17", Compression::snappy);
    resolved("17", Compression::none);
  });
  log::set_threshold(log::Level::warning);
  CHECK_THAT(clamped, ContainsSubstring("DEBUG: compression level 17 is outside the range of gzip (1 to 9): using 9"));
  CHECK(quiet.empty());
}

TEST_CASE("other texts are refused as levels") {
  for (const char* text : {"lowest", "1.5", "x", "-", "6x", " ", "0x6", "--1"}) {
    CAPTURE(text);
    CHECK_FALSE(CompressionLevel::parse(text));
  }
}

TEST_CASE("the suffix tells the format") {
  for (const Compression compression : all_compressions())
    CHECK(compression_from_suffix("000000010000000000000001" + std::string(suffix_of(compression))) == compression);
  CHECK(suffix_of(Compression::zstd) == ".zst");
  CHECK(suffix_of(Compression::none).empty());
  CHECK(name_of(Compression::none) == "none");
  for (const char* name : {"000000010000000000000001", "x.gzip", "x.GZ", "gz", ""})
    CHECK(compression_from_suffix(name) == Compression::none);
}
