#include "backup/copy/archive_series.h"

#include "codec/backup_compressor.h"
#include "store/transfer/part_size.h"

#include <algorithm>
#include <utility>

namespace tapster {
namespace {

constexpr std::uint64_t kSmallestPart = 5ULL << 20U;
// An archive exceeds its limit by one file: most often one of a relation's.
constexpr std::uint64_t kOvershoot = 1ULL << 30U;
constexpr int kUsualParts = 10'000;  // S3's number
constexpr std::uint64_t kLargestWantedPart = 32ULL << 20U;
constexpr std::uint64_t kRoomForOneFile = 2ULL << 30U;  // by which an archive may exceed its limit
// What compressors may still hold when the size is looked at, and headers, padding and the end of the archive.
constexpr std::uint64_t kUnderWay = 64ULL << 20U;

// What a member may become: no format makes much more of what it cannot compress.
std::uint64_t at_most(std::uint64_t member_size) { return member_size + member_size / 64 + (64U << 10U); }

int most_parts(const ArchiveSettings& settings) {
  return std::min(settings.limits.max_parts, settings.max_parts.value_or(settings.limits.max_parts));
}

}  // namespace

std::uint64_t wanted_archive_size(const ArchiveSettings& settings) {
  const int parts = most_parts(settings);
  const std::uint64_t most = static_cast<std::uint64_t>(parts) * kLargestWantedPart;
  const bool few = settings.max_parts || parts < kUsualParts;
  if (!few || most <= 2 * kRoomForOneFile) return settings.max_archive_size;
  return std::min(settings.max_archive_size, most - kRoomForOneFile);
}

std::uint64_t archive_part_size(const ArchiveSettings& settings, std::uint64_t largest) {
  const std::uint64_t usual = std::min(settings.max_archive_size, kLargestArchive) + at_most(kOvershoot) + kUnderWay;
  return choose_part_size(settings.limits, settings.max_parts, std::max(usual, largest),
                          std::max(settings.min_part_size, kSmallestPart));
}

// Destroyed from the writer down to the upload, which is aborted unless it was finished.
struct ArchiveSeries::Archive {
  std::uint64_t capacity = 0;
  std::unique_ptr<ObjectUpload> upload;
  std::unique_ptr<ByteSink> compressor;
  std::unique_ptr<TarWriter> tar;
};

ArchiveSeries::ArchiveSeries(UploadQueue& queue, const ArchiveLayout& layout, const ArchiveSettings& settings,
                             std::string base_name)
    : queue_(queue), layout_(layout), settings_(settings), base_name_(std::move(base_name)) {}

ArchiveSeries::~ArchiveSeries() = default;

void ArchiveSeries::open(std::uint64_t member_size) {
  if (statistics_.archives == 0) statistics_.began = std::chrono::steady_clock::now();
  const std::uint64_t part_size = archive_part_size(settings_, at_most(member_size) + kUnderWay);
  const std::string key = layout_.archive_key(settings_.id, base_name_, statistics_.archives, settings_.compression);
  auto archive = std::make_unique<Archive>();
  archive->capacity = part_size * static_cast<std::uint64_t>(most_parts(settings_));
  archive->upload = queue_.open(key, part_size, settings_.put);
  archive->compressor =
      make_backup_compressor(settings_.compression, settings_.level, settings_.compression_threads, *archive->upload);
  archive->tar = std::make_unique<TarWriter>(*archive->compressor);
  current_ = std::move(archive);
  ++statistics_.archives;
}

bool ArchiveSeries::has_room(std::uint64_t member_size) const {
  const std::uint64_t produced = current_->upload->written();
  if (produced > std::min(settings_.max_archive_size, kLargestArchive)) return false;
  return produced + kUnderWay + at_most(member_size) <= current_->capacity;
}

TarWriter& ArchiveSeries::writer_for(std::uint64_t member_size) {
  if (current_ && !has_room(member_size)) close();
  if (!current_) open(member_size);
  return *current_->tar;
}

void ArchiveSeries::close() {
  if (!current_) {
    if (statistics_.archives > 0) return;
    open(0);
  }
  collect();
  closing_ = std::async(std::launch::async, [archive = std::move(current_)] {
    archive->tar->finish();
    return Completed{archive->upload->statistics(), std::chrono::steady_clock::now()};
  });
}

void ArchiveSeries::collect() {
  if (!closing_.valid()) return;
  const Completed completed = closing_.get();
  statistics_.busy += completed.upload.busy;
  statistics_.bytes += completed.upload.bytes;
  statistics_.ended = completed.at;
}

SeriesStatistics ArchiveSeries::finish() {
  close();
  collect();
  return statistics_;
}

}  // namespace tapster
