// The table of codecs: codec.cpp has one row for each format, and everything else that needs a list of formats, a
// suffix, an option or a level gets it from that row.
#pragma once

#include <tapster/byte_sink.h>
#include <tapster/compression.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace tapster {

// Bytes of the stream, when they are known beforehand.
using ContentSize = std::optional<std::uint64_t>;

// The format's own numbers. All are 0 for a format without levels.
struct CodecLevels {
  int min = 0, max = 0;               // the range that numbers are clamped to
  int low = 0, medium = 0, high = 0;  // what the words mean
  int medium_of_backup = 0;           // what `medium` means for a base backup
};

struct Codec {
  Compression compression = Compression::none;
  std::string_view name;    // in messages
  std::string_view suffix;  // of the names of WAL files and archives
  // Of several stored forms of one WAL file, the one with the lowest rank is read: what costs the least. Counted
  // from 1.
  int reading_rank = 0;
  // The place of the format's options in the help of the two commands, counted from 1; 0: the command does not write
  // this format. Base backups are read in the formats that barman-cloud-backup writes, WAL in all.
  CompressionOption option = {};
  int wal_archive_place = 0, backup_place = 0;
  CodecLevels levels = {};
  // Each makes a sink that writes into `next` (borrowed), with the guarantees of make_compressor,
  // make_backup_compressor and make_decompressor. `level` is within the range of `levels`. A reference cannot be left
  // out of a row.
  std::unique_ptr<ByteSink> (&make_compressor)(int level, ByteSink& next, ContentSize content_size);
  // nullptr: base backups, too, are compressed by one thread.
  std::unique_ptr<ByteSink> (*make_parallel_compressor)(int level, int threads, ByteSink& next) = nullptr;
  std::unique_ptr<ByteSink> (&make_decompressor)(ByteSink& next);
};

const Codec& codec_of(Compression compression) noexcept;

// The lists of compression.h, made from the table at compile time.
struct CodecLists {
  std::span<const Compression> reading_order;              // by reading_rank
  std::span<const Compression> of_wal_archive, of_backup;  // by their places
};
const CodecLists& codec_lists() noexcept;

// What the rows refer to; each format's are in codec_FORMAT.cpp and codec_FORMAT_parallel.cpp.
std::unique_ptr<ByteSink> make_none_compressor(int level, ByteSink& next, ContentSize content_size);
std::unique_ptr<ByteSink> make_none_decompressor(ByteSink& next);

std::unique_ptr<ByteSink> make_gzip_compressor(int level, ByteSink& next, ContentSize content_size);
std::unique_ptr<ByteSink> make_parallel_gzip_compressor(int level, int threads, ByteSink& next);
std::unique_ptr<ByteSink> make_gzip_decompressor(ByteSink& next);

std::unique_ptr<ByteSink> make_bzip2_compressor(int level, ByteSink& next, ContentSize content_size);
std::unique_ptr<ByteSink> make_bzip2_decompressor(ByteSink& next);

std::unique_ptr<ByteSink> make_xz_compressor(int level, ByteSink& next, ContentSize content_size);
std::unique_ptr<ByteSink> make_xz_decompressor(ByteSink& next);

std::unique_ptr<ByteSink> make_zstd_compressor(int level, ByteSink& next, ContentSize content_size);
std::unique_ptr<ByteSink> make_parallel_zstd_compressor(int level, int threads, ByteSink& next);
std::unique_ptr<ByteSink> make_zstd_decompressor(ByteSink& next);

std::unique_ptr<ByteSink> make_lz4_compressor(int level, ByteSink& next, ContentSize content_size);
std::unique_ptr<ByteSink> make_parallel_lz4_compressor(int level, int threads, ByteSink& next);
std::unique_ptr<ByteSink> make_lz4_decompressor(ByteSink& next);

std::unique_ptr<ByteSink> make_snappy_compressor(int level, ByteSink& next, ContentSize content_size);
std::unique_ptr<ByteSink> make_parallel_snappy_compressor(int level, int threads, ByteSink& next);
std::unique_ptr<ByteSink> make_snappy_decompressor(ByteSink& next);

}  // namespace tapster
