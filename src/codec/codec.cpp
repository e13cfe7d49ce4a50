#include "codec/codec.h"

#include <algorithm>
#include <array>

namespace tapster {
namespace {

// In the order of the enumeration. The words' levels are the original's, but for bzip2's, zstd's and lz4's medium of a
// backup: the original compresses backups with bzip2's best, and the other two are as fast as their tools' defaults,
// because a backup is large and the database waits for it.
constexpr std::array kCodecs{
    Codec{.compression = Compression::none,
          .name = "none",
          .suffix = "",
          .reading_rank = 1,
          .make_compressor = make_none_compressor,
          .make_decompressor = make_none_decompressor},
    Codec{.compression = Compression::gzip,
          .name = "gzip",
          .suffix = ".gz",
          .reading_rank = 5,
          .option = {"-z", "--gzip", "compress with gzip (default: do not compress)"},
          .wal_archive_place = 1,
          .backup_place = 1,
          .levels = {.min = 1, .max = 9, .low = 1, .medium = 6, .high = 9, .medium_of_backup = 6},
          .make_compressor = make_gzip_compressor,
          .make_parallel_compressor = make_parallel_gzip_compressor,
          .make_decompressor = make_gzip_decompressor},
    Codec{.compression = Compression::bzip2,
          .name = "bzip2",
          .suffix = ".bz2",
          .reading_rank = 7,
          .option = {"-j", "--bzip2", "compress with bzip2"},
          .wal_archive_place = 2,
          .backup_place = 2,
          .levels = {.min = 1, .max = 9, .low = 1, .medium = 5, .high = 9, .medium_of_backup = 9},
          .make_compressor = make_bzip2_compressor,
          .make_decompressor = make_bzip2_decompressor},
    Codec{.compression = Compression::xz,
          .name = "xz",
          .suffix = ".xz",
          .reading_rank = 6,
          .option = {"", "--xz", "compress with xz"},
          .wal_archive_place = 3,
          .levels = {.min = 1, .max = 9, .low = 1, .medium = 3, .high = 5, .medium_of_backup = 3},
          .make_compressor = make_xz_compressor,
          .make_decompressor = make_xz_decompressor},
    Codec{.compression = Compression::zstd,
          .name = "zstd",
          .suffix = ".zst",
          .reading_rank = 2,
          .option = {"", "--zstd", "compress with zstd"},
          .wal_archive_place = 5,
          .backup_place = 5,
          .levels = {.min = -22, .max = 22, .low = 1, .medium = 4, .high = 9, .medium_of_backup = 3},
          .make_compressor = make_zstd_compressor,
          .make_parallel_compressor = make_parallel_zstd_compressor,
          .make_decompressor = make_zstd_decompressor},
    Codec{.compression = Compression::lz4,
          .name = "lz4",
          .suffix = ".lz4",
          .reading_rank = 3,
          .option = {"", "--lz4", "compress with lz4"},
          .wal_archive_place = 6,
          .backup_place = 4,
          .levels = {.min = 0, .max = 16, .low = 0, .medium = 6, .high = 10, .medium_of_backup = 0},
          .make_compressor = make_lz4_compressor,
          .make_parallel_compressor = make_parallel_lz4_compressor,
          .make_decompressor = make_lz4_decompressor},
    Codec{.compression = Compression::snappy,
          .name = "snappy",
          .suffix = ".snappy",
          .reading_rank = 4,
          .option = {"", "--snappy", "compress with snappy"},
          .wal_archive_place = 4,
          .backup_place = 3,
          .make_compressor = make_snappy_compressor,
          .make_parallel_compressor = make_parallel_snappy_compressor,
          .make_decompressor = make_snappy_decompressor},
};

constexpr bool rows_follow_the_enumeration() {
  for (std::size_t i = 0; i < kCodecs.size(); ++i) {
    if (kCodecs[i].compression != static_cast<Compression>(i)) return false;
  }
  return kCodecs.size() == static_cast<std::size_t>(Compression::count);
}
static_assert(rows_follow_the_enumeration(), "every Compression has a row, in the order of the enumeration");

constexpr bool is_complete(const Codec& codec) {
  const bool chosen_by_option = codec.wal_archive_place != 0 || codec.backup_place != 0;
  const auto& [min, max, low, medium, high, backup] = codec.levels;
  for (const int level : {low, medium, high, backup}) {
    if (level < min || level > max) return false;
  }
  return codec.reading_rank > 0 &&
         (codec.compression == Compression::none ||
          (chosen_by_option && codec.suffix.starts_with('.') && codec.option.name.starts_with("--") &&
           codec.option.name.substr(2) == codec.name && !codec.option.help.empty()));
}
static_assert(std::all_of(kCodecs.begin(), kCodecs.end(), is_complete),
              "a row has a rank, a suffix, --NAME, a command that offers it, and levels in range");

constexpr bool are_distinct(const Codec& a, const Codec& b) {
  const auto differ = [](int place, int other) { return place != other || place == 0; };
  const bool told_apart = a.compression == Compression::none || b.compression == Compression::none ||
                          (!a.suffix.ends_with(b.suffix) && !b.suffix.ends_with(a.suffix));
  return told_apart && a.name != b.name && a.reading_rank != b.reading_rank &&
         (a.option.short_name != b.option.short_name || a.option.short_name.empty()) &&
         differ(a.wal_archive_place, b.wal_archive_place) && differ(a.backup_place, b.backup_place);
}
constexpr bool all_are_distinct() {
  for (const Codec& a : kCodecs) {
    for (const Codec& b : kCodecs) {
      if (&a != &b && !are_distinct(a, b)) return false;
    }
  }
  return true;
}
static_assert(all_are_distinct(), "no two rows share a name, option, rank or place; no suffix is the end of another");

// The formats whose `Place` is not 0, in its order.
template <int Codec::*Place>
constexpr auto ordered_by() {
  constexpr auto kListed = [](const Codec& codec) { return codec.*Place != 0; };
  std::array<Compression, static_cast<std::size_t>(std::count_if(kCodecs.begin(), kCodecs.end(), kListed))> list{};
  std::size_t size = 0;
  for (const Codec& codec : kCodecs) {
    if (kListed(codec)) list[size++] = codec.compression;
  }
  std::sort(list.begin(), list.end(), [](Compression a, Compression b) {
    return kCodecs[static_cast<std::size_t>(a)].*Place < kCodecs[static_cast<std::size_t>(b)].*Place;
  });
  return list;
}

constexpr auto kReadingOrder = ordered_by<&Codec::reading_rank>();
constexpr auto kOfWalArchive = ordered_by<&Codec::wal_archive_place>();
constexpr auto kOfBackup = ordered_by<&Codec::backup_place>();
static_assert(kReadingOrder.front() == Compression::none, "all_compressions() is what follows none");
constexpr CodecLists kLists{kReadingOrder, kOfWalArchive, kOfBackup};

}  // namespace

const Codec& codec_of(Compression compression) noexcept { return kCodecs[static_cast<std::size_t>(compression)]; }

const CodecLists& codec_lists() noexcept { return kLists; }

}  // namespace tapster
