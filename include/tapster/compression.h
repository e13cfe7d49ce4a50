// The compression formats of WAL and base backup archives, as streaming sinks.
// Formats and levels: see "Formats" in ARCHITECTURE.md; suffixes are part of the storage layout.
#pragma once

#include <tapster/byte_sink.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace tapster {

enum class Compression { none, gzip, bzip2, xz, zstd, lz4, snappy };

// All that can be read, in the order in which stores list their suffixes.
inline constexpr Compression kAllCompressions[] = {Compression::bzip2,  Compression::gzip, Compression::lz4,
                                                   Compression::snappy, Compression::xz,   Compression::zstd};

// ".gz" ".bz2" ".xz" ".zst" ".lz4" ".snappy"; "" for none.
std::string_view suffix_of(Compression compression) noexcept;
// "gzip", "bzip2" ... for messages.
std::string_view name_of(Compression compression) noexcept;

// The format whose suffix `name` ends with, or none.
Compression compression_from_suffix(std::string_view name) noexcept;

// A level as the user gives it: "low", "medium", "high" (any case) or an integer; nullopt when
// the text is neither. An empty text is medium. Resolved per format by resolve_level.
class CompressionLevel {
 public:
  enum class Named { low, medium, high };
  constexpr CompressionLevel() = default;  // medium
  constexpr explicit CompressionLevel(Named named) : level_(named) {}
  constexpr explicit CompressionLevel(int number) : level_(number) {}
  static std::optional<CompressionLevel> parse(std::string_view text);

  // nullopt when it was given as a number.
  constexpr std::optional<Named> named() const noexcept {
    const Named* const name = std::get_if<Named>(&level_);
    return name == nullptr ? std::nullopt : std::optional(*name);
  }

  // The format's own number: named levels by table, integers clamped to the format's range.
  int resolve(Compression compression) const noexcept;

 private:
  std::variant<Named, int> level_ = Named::medium;
};

// A sink that compresses into `next` (borrowed; must outlive it). `content_size` is the number
// of bytes that will be written, when known: lz4 records it in its frame header, and a stream
// that then differs is an error at finish(). Memory is bounded by the format and level, never
// by the size of the stream. Compression::none gives a pass-through.
std::unique_ptr<ByteSink> make_compressor(Compression compression, CompressionLevel level, ByteSink& next,
                                          std::optional<std::uint64_t> content_size = std::nullopt);

// A sink that decompresses into `next`. Accepts every valid stream of the format: several
// gzip members, bzip2 and xz streams, zstd and lz4 frames (skippable ones too), repeated
// snappy stream identifiers; checksums in the stream are verified. Damaged or truncated input
// is an Error (general) that names the format, from write() or at finish(); whatever was
// handed to `next` before it must then be discarded.
std::unique_ptr<ByteSink> make_decompressor(Compression compression, ByteSink& next);

}  // namespace tapster
