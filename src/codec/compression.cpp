#include "codec/codec.h"

#include <tapster/compression.h>
#include <tapster/log.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace tapster {
namespace {

struct Levels {
  int min, max, low, medium, high;
};

// The original's numbers; the formats that are absent have no levels.
constexpr Levels levels_of(Compression compression) noexcept {
  switch (compression) {
    case Compression::gzip:
      return {1, 9, 1, 6, 9};
    case Compression::bzip2:
      return {1, 9, 1, 5, 9};
    case Compression::xz:
      return {1, 9, 1, 3, 5};
    case Compression::zstd:
      return {-22, 22, 1, 4, 9};
    case Compression::lz4:
      return {0, 16, 0, 6, 10};
    case Compression::snappy:
    case Compression::none:
      break;
  }
  return {};
}

bool equal_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b; });
}

class PassThrough final : public ByteSink {
 public:
  explicit PassThrough(ByteSink& next) : next_(next) {}
  void write(Bytes data) override { next_.write(data); }
  std::span<std::byte> room() override { return next_.room(); }
  void filled(std::size_t count) override { next_.filled(count); }
  void finish() override { next_.finish(); }

 private:
  ByteSink& next_;
};

}  // namespace

std::string_view suffix_of(Compression compression) noexcept {
  switch (compression) {
    case Compression::gzip:
      return ".gz";
    case Compression::bzip2:
      return ".bz2";
    case Compression::xz:
      return ".xz";
    case Compression::zstd:
      return ".zst";
    case Compression::lz4:
      return ".lz4";
    case Compression::snappy:
      return ".snappy";
    case Compression::none:
      break;
  }
  return "";
}

std::string_view name_of(Compression compression) noexcept {
  switch (compression) {
    case Compression::gzip:
      return "gzip";
    case Compression::bzip2:
      return "bzip2";
    case Compression::xz:
      return "xz";
    case Compression::zstd:
      return "zstd";
    case Compression::lz4:
      return "lz4";
    case Compression::snappy:
      return "snappy";
    case Compression::none:
      break;
  }
  return "none";
}

Compression compression_from_suffix(std::string_view name) noexcept {
  for (const Compression compression : kAllCompressions)
    if (name.ends_with(suffix_of(compression))) return compression;
  return Compression::none;
}

std::optional<CompressionLevel> CompressionLevel::parse(std::string_view text) {
  if (text.empty() || equal_ignoring_case(text, "medium")) return std::make_optional<CompressionLevel>(Named::medium);
  if (equal_ignoring_case(text, "low")) return std::make_optional<CompressionLevel>(Named::low);
  if (equal_ignoring_case(text, "high")) return std::make_optional<CompressionLevel>(Named::high);
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed, problem] = std::from_chars(text.data(), end, number);
  if (parsed != end || problem == std::errc::invalid_argument) return std::nullopt;
  if (problem == std::errc::result_out_of_range)  // still an integer: to be clamped like any other
    number = text.front() == '-' ? std::numeric_limits<int>::min() : std::numeric_limits<int>::max();
  return std::make_optional<CompressionLevel>(number);
}

int CompressionLevel::resolve(Compression compression) const noexcept {
  const Levels levels = levels_of(compression);
  if (const int* const number = std::get_if<int>(&level_)) {
    const int clamped = std::clamp(*number, levels.min, levels.max);
    if (clamped != *number && levels.min != levels.max)
      log::debug("compression level {} is outside the range of {} ({} to {}): using {}", *number, name_of(compression),
                 levels.min, levels.max, clamped);
    return clamped;
  }
  switch (*std::get_if<Named>(&level_)) {
    case Named::low:
      return levels.low;
    case Named::medium:
      return levels.medium;
    case Named::high:
      break;
  }
  return levels.high;
}

std::unique_ptr<ByteSink> make_compressor(Compression compression, CompressionLevel level, ByteSink& next,
                                          std::optional<std::uint64_t> content_size) {
  const int number = level.resolve(compression);
  switch (compression) {
    case Compression::gzip:
      return make_gzip_compressor(number, next, content_size);
    case Compression::bzip2:
      return make_bzip2_compressor(number, next);
    case Compression::xz:
      return make_xz_compressor(number, next);
    case Compression::zstd:
      return make_zstd_compressor(number, next, content_size);
    case Compression::lz4:
      return make_lz4_compressor(number, next, content_size);
    case Compression::snappy:
      return make_snappy_compressor(next);
    case Compression::none:
      break;
  }
  return std::make_unique<PassThrough>(next);
}

std::unique_ptr<ByteSink> make_decompressor(Compression compression, ByteSink& next) {
  switch (compression) {
    case Compression::gzip:
      return make_gzip_decompressor(next);
    case Compression::bzip2:
      return make_bzip2_decompressor(next);
    case Compression::xz:
      return make_xz_decompressor(next);
    case Compression::zstd:
      return make_zstd_decompressor(next);
    case Compression::lz4:
      return make_lz4_decompressor(next);
    case Compression::snappy:
      return make_snappy_decompressor(next);
    case Compression::none:
      break;
  }
  return std::make_unique<PassThrough>(next);
}

}  // namespace tapster
