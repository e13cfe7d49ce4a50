// Deleting base backups, and the WAL that no remaining backup needs.
#pragma once

#include <tapster/archive_layout.h>
#include <tapster/clock.h>
#include <tapster/object_store.h>
#include <tapster/retention_policy.h>
#include <tapster/zoned_time.h>

#include <functional>
#include <string>
#include <string_view>

namespace tapster {

struct DeleteOptions {
  bool dry_run = false;            // reads and refuses as usual; prints instead of deleting
  std::size_t batch_size = 0;      // keys per request; 0: the store's maximum
  bool check_object_lock = false;  // look whether objects are locked before a backup is touched
  int minimum_redundancy = 0;
  std::function<void(std::string_view)> print;  // lines of dry runs: standard output
};

// Each returns the exit status: 0, or 1 (logged) when a backup may not be deleted, the catalogue is not
// wholly readable, or something could not be deleted. Archives go first, then the WAL that only
// they needed, and every backup.info last, so that a deletion that failed or was killed can be repeated. WAL that
// was refused goes with the next deletion. After a failure the rest goes on; a backup that could not be deleted keeps
// its WAL. Throws what the store throws while the catalogue is read.

// `name`: as BackupCatalog::resolve takes it. A backup that is not there is a warning.
int delete_backup(ObjectStore& store, const ArchiveLayout& layout, const std::string& name,
                  const DeleteOptions& options);
int delete_obsolete(ObjectStore& store, const ArchiveLayout& layout, const RetentionPolicy& policy,
                    const ZonedTime& now, const DeleteOptions& options);

// What was left by backups that were killed, tapster's or the original's: folders below base/ without a
// backup.info, and unfinished uploads. Only what shows no sign of life for a day: neither in the time of any
// object, upload or part of an upload, nor in the backup's id.
int delete_orphans(ObjectStore& store, const ArchiveLayout& layout, const Clock& clock, const DeleteOptions& options);

}  // namespace tapster
