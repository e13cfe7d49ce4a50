#include "backup/take/cluster_copy.h"

#include "store/transfer/part_size.h"

#include <tapster/log.h>

#include <algorithm>
#include <thread>
#include <utility>

namespace tapster {
namespace {

constexpr std::uint64_t kPartOfObjects = 5ULL << 20U;
constexpr std::uint64_t kMostJobs = 5;
constexpr std::uint64_t kPartMemory = 52ULL << 20U;  // that parts on their way may take: with the rest, under 96 MiB
constexpr unsigned kMostThreads = 4;                 // by default: PostgreSQL wants some of the cores

int threads_for(const BaseBackupOptions& options) {
  if (options.compression_threads > 0) return options.compression_threads;
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, kMostThreads));
}

ArchiveSettings settings_of(const BaseBackupOptions& options, std::string id, const StoreLimits& limits) {
  if (options.max_archive_size >= kLargestArchive) {
    log::warning("the largest archive is {} bytes: --max-archive-size {} counts as that", kLargestArchive,
                 options.max_archive_size);
  }
  ArchiveSettings settings;
  settings.id = std::move(id);
  settings.compression = options.compression;
  settings.level = options.level;
  settings.compression_threads = threads_for(options);
  settings.max_archive_size = options.max_archive_size;
  settings.min_part_size = options.min_chunk_size;
  settings.max_parts = options.max_parts;
  settings.limits = limits;
  settings.put.tags = options.tags;
  settings.max_archive_size = wanted_archive_size(settings);
  return settings;
}

int most_jobs(const BaseBackupOptions& options, const ArchiveSettings& settings) {
  if (!options.more_jobs || options.max_bandwidth) return options.jobs;
  return static_cast<int>(std::min(kPartMemory / archive_part_size(settings), kMostJobs));
}

}  // namespace

void put_text(ObjectStore& store, const std::string& key, std::string_view text, const PutOptions& put) {
  MemoryBody body(text);
  store.put(key, body, put);
}

ClusterCopy::ClusterCopy(ObjectStore& store, const ArchiveLayout& layout, const BaseBackupOptions& options,
                         std::string id, Clock& clock, std::stop_token stop)
    : store_(store),
      layout_(layout),
      stop_(std::move(stop)),
      settings_(settings_of(options, std::move(id), store.limits())),
      limit_(options.max_bandwidth ? std::optional<RateLimit>(std::in_place, *options.max_bandwidth, clock)
                                   : std::nullopt),
      queue_(store, options.jobs, limit_ ? &*limit_ : nullptr, stop_, most_jobs(options, settings_)) {
  times_.began = std::chrono::steady_clock::now();
  times_.jobs = options.jobs;
}

void ClusterCopy::prove_writable() {
  const std::string key = layout_.archive_key(settings_.id, "data", 0, settings_.compression);
  PutOptions put = settings_.put;
  put.stop = stop_;
  store_.abort_upload(store_.begin_upload(key, archive_part_size(settings_), put));
}

std::unique_ptr<ObjectUpload> ClusterCopy::open_object(const std::string& key) {
  return queue_.open(key, part_size_within(settings_.limits, kPartOfObjects), settings_.put);
}

TreeCopier& ClusterCopy::begin_series(std::string base_name, const PageChecks& checks,
                                      const TreeCopier::FileReport& report) {
  close();
  series_.push_back(std::make_unique<ArchiveSeries>(queue_, layout_, settings_, std::move(base_name)));
  copier_ = std::make_unique<TreeCopier>(*series_.back(), checks, report, stop_);
  return *copier_;
}

// What the copier has seen is added up, and the completion of its archive begins.
void ClusterCopy::close() {
  if (!copier_) return;
  const CopySummary& seen = copier_->summary();
  summary_.files += seen.files;
  summary_.bytes += seen.bytes;
  summary_.bad_pages += seen.bad_pages;
  summary_.vanished += seen.vanished;
  copier_.reset();
  series_.back()->close();
}

void ClusterCopy::copy_tablespace(const TreeSource& source, std::uint32_t oid, const PageChecks& checks,
                                  const TreeCopier::FileReport& report) {
  begin_series(std::to_string(oid), checks, report).copy_tree(source);
  close();
}

TreeCopier& ClusterCopy::copy_data(const TreeSource& source, const PageChecks& checks,
                                   const TreeCopier::FileReport& report) {
  TreeCopier& copier = begin_series("data", checks, report);
  copier.copy_tree(source);
  const std::string control = source.root + "/global/pg_control";
  if (!copier.copy_file(control, "global/pg_control")) {
    throw error(ErrorKind::general, "{} does not exist", control);
  }
  return copier;
}

CopyTimes ClusterCopy::finish() {
  close();
  for (const auto& series : series_) times_.series.emplace_back(series->base_name(), series->finish());
  times_.ended = std::chrono::steady_clock::now();
  return std::move(times_);
}

}  // namespace tapster
