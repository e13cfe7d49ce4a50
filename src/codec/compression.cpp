#include "codec/codec.h"
#include "text/encoding.h"

#include <tapster/compression.h>
#include <tapster/log.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace tapster {
namespace {}  // namespace

std::string_view suffix_of(Compression compression) noexcept { return codec_of(compression).suffix; }

std::string_view name_of(Compression compression) noexcept { return codec_of(compression).name; }

CompressionOption option_of(Compression compression) noexcept { return codec_of(compression).option; }

std::span<const Compression> reading_order() noexcept { return codec_lists().reading_order; }

std::span<const Compression> all_compressions() noexcept { return reading_order().subspan(1); }

std::span<const Compression> wal_archive_compressions() noexcept { return codec_lists().of_wal_archive; }

std::span<const Compression> backup_compressions() noexcept { return codec_lists().of_backup; }

Compression compression_from_suffix(std::string_view name) noexcept {
  for (const Compression compression : all_compressions()) {
    if (name.ends_with(suffix_of(compression))) return compression;
  }
  return Compression::none;
}

std::optional<Compression> compression_from_name(std::string_view name) noexcept {
  for (const Compression compression : reading_order()) {
    if (name == name_of(compression)) return compression;
  }
  return std::nullopt;
}

std::optional<CompressionLevel> CompressionLevel::parse(std::string_view text) {
  if (text.empty() || equals_ignoring_case(text, "medium")) return std::make_optional<CompressionLevel>(Named::medium);
  if (equals_ignoring_case(text, "low")) return std::make_optional<CompressionLevel>(Named::low);
  if (equals_ignoring_case(text, "high")) return std::make_optional<CompressionLevel>(Named::high);
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed, problem] = std::from_chars(text.data(), end, number);
  if (parsed != end || problem == std::errc::invalid_argument) return std::nullopt;
  if (problem == std::errc::result_out_of_range)  // an integer, too, which resolve() clamps
    number = text.front() == '-' ? std::numeric_limits<int>::min() : std::numeric_limits<int>::max();
  return std::make_optional<CompressionLevel>(number);
}

int CompressionLevel::resolve(Compression compression) const noexcept {
  const CodecLevels& levels = codec_of(compression).levels;
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
  return codec_of(compression).make_compressor(level.resolve(compression), next, content_size);
}

std::unique_ptr<ByteSink> make_decompressor(Compression compression, ByteSink& next) {
  return codec_of(compression).make_decompressor(next);
}

}  // namespace tapster
