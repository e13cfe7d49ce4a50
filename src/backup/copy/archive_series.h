// The archives of one tree: "data.tar", "data_0001.tar" ... A new one is begun when the present one has grown beyond
// a limit, between two members.
#pragma once

#include "backup/copy/tree_copy.h"
#include "store/transfer/upload_queue.h"
#include "tar/tar_writer.h"

#include <tapster/archive_layout.h>
#include <tapster/compression.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>

namespace tapster {

// Bytes: the original's limit on every store.
inline constexpr std::uint64_t kLargestArchive = 1ULL << 40U;

struct ArchiveSettings {
  std::string id;  // of the backup
  Compression compression = Compression::none;
  CompressionLevel level;
  int compression_threads = 1;
  std::uint64_t max_archive_size = 100ULL << 30U;  // bytes as stored
  std::uint64_t min_part_size = 0;
  std::optional<int> max_parts;
  StoreLimits limits;
  PutOptions put;
};

// max_archive_size, or less where an archive may have fewer parts than usual, by the settings or by the store: larger
// archives would need larger parts, and parts are the memory of a backup.
std::uint64_t wanted_archive_size(const ArchiveSettings& settings);

// How a store's limits and the settings make the size of an archive's parts: for archives up to max_archive_size
// and one file beyond it, or for `largest` where that is more.
std::uint64_t archive_part_size(const ArchiveSettings& settings, std::uint64_t largest = 0);

struct SeriesStatistics {
  std::chrono::steady_clock::time_point began, ended;  // of the first archive, of the completion of the last
  std::chrono::duration<double> busy{0};               // sum over the parts
  std::uint64_t bytes = 0;                             // as stored
  int archives = 0;
};

// Not thread-safe. Completing an archive goes on in the background while the next one is written, one at a time.
// Destroyed before finish() has returned, it aborts what is open; what was completed stays.
class ArchiveSeries final : public ArchiveTarget {
 public:
  // `base_name`: "data", or a tablespace's OID. Borrows all but the name.
  ArchiveSeries(UploadQueue& queue, const ArchiveLayout& layout, const ArchiveSettings& settings,
                std::string base_name);
  ~ArchiveSeries() override;
  ArchiveSeries(const ArchiveSeries&) = delete;
  ArchiveSeries& operator=(const ArchiveSeries&) = delete;

  const std::string& base_name() const noexcept { return base_name_; }
  TarWriter& writer_for(std::uint64_t member_size) override;
  // Ends the last archive; its completion goes on in the background. Without any member it still is an archive.
  void close();
  // After close(): waits until everything is complete. Throws what went wrong.
  SeriesStatistics finish();

 private:
  struct Archive;
  void open(std::uint64_t member_size);
  bool has_room(std::uint64_t member_size) const;
  void collect();  // the archive in the background

  UploadQueue& queue_;
  const ArchiveLayout& layout_;
  const ArchiveSettings& settings_;
  std::string base_name_;
  std::unique_ptr<Archive> current_;
  struct Completed {
    UploadStatistics upload;
    std::chrono::steady_clock::time_point at;
  };
  std::future<Completed> closing_;
  SeriesStatistics statistics_;
};

}  // namespace tapster
