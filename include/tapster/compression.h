// The compression formats of WAL files and base backup archives, and sinks that compress and decompress. Names and
// suffixes are part of the storage layout.
#pragma once

#include <tapster/byte_sink.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace tapster {

// `count` is no format: it is their number. src/codec/codec.cpp says everything about each of them.
enum class Compression { none, gzip, bzip2, xz, zstd, lz4, snappy, count };

// ".gz" ".bz2" ".xz" ".zst" ".lz4" ".snappy"; "" for none.
std::string_view suffix_of(Compression compression) noexcept;
// "gzip", "bzip2" ...; "none".
std::string_view name_of(Compression compression) noexcept;

// All formats, none included, in the order in which they are read when several forms of one WAL file are stored: what
// costs the least to read comes first.
std::span<const Compression> reading_order() noexcept;
std::span<const Compression> all_compressions() noexcept;  // the same without none
// What the two commands can write, without none, in the order of their help. Base backups are read in the same formats,
// WAL in all.
std::span<const Compression> wal_archive_compressions() noexcept;
std::span<const Compression> backup_compressions() noexcept;

// The option of these commands that chooses a format; of none, empty.
struct CompressionOption {
  std::string_view short_name;  // "-z", or empty
  std::string_view name;        // "--gzip"
  std::string_view help;
};
CompressionOption option_of(Compression compression) noexcept;

// The format whose suffix `name` ends with; none when it ends with no suffix.
Compression compression_from_suffix(std::string_view name) noexcept;
// The format of that name_of(); nullopt when there is none.
std::optional<Compression> compression_from_name(std::string_view name) noexcept;

// A level as the user gives it: a word or an integer.
class CompressionLevel {
 public:
  enum class Named { low, medium, high };
  constexpr CompressionLevel() = default;  // medium
  constexpr explicit CompressionLevel(Named named) : level_(named) {}
  constexpr explicit CompressionLevel(int number) : level_(number) {}
  // "low", "medium", "high" in any case, or an integer; an empty text is medium. nullopt for any other text.
  static std::optional<CompressionLevel> parse(std::string_view text);

  // nullopt when it was given as a number.
  constexpr std::optional<Named> named() const noexcept {
    const Named* const name = std::get_if<Named>(&level_);
    return name == nullptr ? std::nullopt : std::optional(*name);
  }

  // The format's own number: that of the word, or the integer clamped to the format's range.
  int resolve(Compression compression) const noexcept;

 private:
  std::variant<Named, int> level_ = Named::medium;
};

// A sink that compresses into `next` (borrowed; must outlive it). `content_size` is the number of bytes that will be
// written, when it is known: lz4 records it in the frame header. With lz4 and zstd, another number is an Error at
// finish() at the latest. Memory depends on the format and the level, never on the size of the stream.
// Compression::none passes bytes on as they are.
std::unique_ptr<ByteSink> make_compressor(Compression compression, CompressionLevel level, ByteSink& next,
                                          std::optional<std::uint64_t> content_size = std::nullopt);

// A sink that decompresses into `next` (borrowed). Accepts every valid stream of the format: several gzip members,
// bzip2 and xz streams, zstd and lz4 frames (also skippable ones), repeated snappy stream identifiers. Verifies
// checksums in the stream. Damaged or truncated input is an Error (general) that names the format, from write() or
// finish(); the caller must then discard what `next` has received.
std::unique_ptr<ByteSink> make_decompressor(Compression compression, ByteSink& next);

}  // namespace tapster
