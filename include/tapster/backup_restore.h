// Restoring a base backup into directories that are empty or absent.
#pragma once

#include <tapster/archive_layout.h>
#include <tapster/backup_catalog.h>
#include <tapster/object_store.h>

#include <map>
#include <optional>
#include <stop_token>
#include <string>

namespace tapster {

// "auto": the best backup for a target. Only DONE ones with the needed end are candidates.
struct RecoveryTarget {
  std::optional<std::int64_t> timeline;
  std::optional<ZonedTime> time;  // at most one of time and lsn
  std::optional<std::uint64_t> lsn;
};
// nullopt: no candidate.
std::optional<std::string> choose_backup(const BackupCatalog& catalog, const RecoveryTarget& target);
// The id that a name stands for: BackupCatalog::resolve, but last, latest, first and oldest mean DONE backups only.
// nullopt: there are backups, but none that is DONE.
std::optional<std::string> resolve_restorable(const BackupCatalog& catalog, const std::string& name,
                                              const std::string& server_name);
// The highest timeline of which the archive has anything. Throws Error (general) when it is empty.
std::int64_t latest_timeline(ObjectStore& store, const ArchiveLayout& layout);

struct RestoreOptions {
  std::string id;
  std::string target;                              // PGDATA
  std::map<std::string, std::string> tablespaces;  // name -> directory
  int jobs = 8;                                    // downloads at once
  bool more_jobs = true;                           // and up to 16, while they are what is waited for and bring more
  bool sync = true;
};

// Checks everything before the first byte is written. Throws Error: operation when the backup is
// not there or incomplete or a directory is in use, or when it was stopped; network; general for the rest. What
// failed half-way can be repeated with the same arguments, and goes on with the archive that was not complete.
void restore_backup(ObjectStore& store, const ArchiveLayout& layout, const RestoreOptions& options,
                    const std::stop_token& stop);

}  // namespace tapster
