#include "backup/restore/archive_extraction.h"
#include "backup/restore/restore_directories.h"
#include "backup/restore/restore_finish.h"
#include "backup/restore/restore_plan.h"

#include <tapster/backup_restore.h>
#include <tapster/log.h>

#include <algorithm>
#include <chrono>
#include <string_view>

namespace tapster {
namespace {

using Watch = std::chrono::steady_clock;

double seconds_since(Watch::time_point begin) { return std::chrono::duration<double>(Watch::now() - begin).count(); }

std::vector<FileDescriptor> open_targets(const RestorePlan& plan) {
  std::vector<FileDescriptor> roots;
  roots.reserve(plan.targets.size());
  for (const RestoreTarget& target : plan.targets) {
    make_private_directory(target.directory);
    roots.push_back(open_directory(target.directory));
  }
  return roots;
}

void restore(ObjectStore& store, const ArchiveLayout& layout, RestorePlan& plan, const RestoreOptions& options,
             const std::vector<FileDescriptor>& roots, const std::stop_token& stop) {
  const auto begin = Watch::now();
  const auto done = [&](const std::string& archive) {
    plan.marker.done.push_back(archive);
    write_marker(roots.front().get(), plan.pgdata(), plan.marker, false);
  };
  const RestorePlan as_planned = plan;
  const auto summary =
      extract_archives(store, layout.backup_prefix(plan.id), as_planned, roots,
                       {.jobs = options.jobs, .more_jobs = options.more_jobs, .write_back = options.sync}, done, stop);
  RestoreFinish finish(plan, roots.front().get());
  if (plan.has_manifest) finish.restore_manifest(store, layout.manifest_key(plan.id));
  finish.add_wal_directory();
  finish.add_tablespaces(roots);
  if (stop.stop_requested()) throw Interrupted();
  log::info("{} files with {} bytes are restored in {:.1f} s", summary.files, summary.bytes, seconds_since(begin));
  const auto extracted = Watch::now();
  if (options.sync) {
    sync_file_systems(plan, roots);
    log::info("they are on disk after another {:.1f} s", seconds_since(extracted));
  }
  finish.publish(options.sync);
}

}  // namespace

void restore_backup(ObjectStore& store, const ArchiveLayout& layout, const RestoreOptions& options,
                    const std::stop_token& stop) {
  RestorePlan plan = plan_restore(store, layout, options);
  log::info("{} backup {} of server {} into {}", plan.resumed ? "going on to restore" : "restoring", plan.id,
            layout.server_name(), plan.pgdata());
  // PGDATA first, and its marker before anything else is made: what an attempt leaves is known as such.
  make_private_directory(plan.pgdata());
  write_marker(open_directory(plan.pgdata()).get(), plan.pgdata(), plan.marker, options.sync);
  try {
    const auto roots = open_targets(plan);
    restore(store, layout, plan, options, roots, stop);
  } catch (const std::exception&) {
    std::string directories = plan.pgdata();
    for (const auto& [oid, directory] : plan.marker.tablespaces) directories.append(", ").append(directory);
    log::warning("the restore is unfinished: the same command goes on with it; to start over, remove everything in {}",
                 directories);
    if (stop.stop_requested()) throw error(ErrorKind::operation, "interrupted");
    throw;
  }
}

}  // namespace tapster
