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
  bool dry_run = false;            // prints instead of deleting; reads and refuses as without it
  std::size_t batch_size = 0;      // keys per request; 0: the store's maximum
  bool check_object_lock = false;  // look whether objects are locked before a backup is touched
  int minimum_redundancy = 0;
  std::function<void(std::string_view)> print;  // lines of dry runs: standard output
};

// The rule of what is deleted, and in which order, stands at the top of src/catalog/retention/deletion_plan.h.
//
// Each function returns the exit status: 0, or 1 (logged) if a backup may not be deleted, a backup.info cannot be read,
// or something could not be deleted. A failure does not stop the deletion of other backups, and the same call can be
// repeated. Each throws what the store throws while the catalogue is read.

// `name`: as for BackupCatalog::resolve. A backup that does not exist is a warning.
int delete_backup(ObjectStore& store, const ArchiveLayout& layout, const std::string& name,
                  const DeleteOptions& options);
int delete_obsolete(ObjectStore& store, const ArchiveLayout& layout, const RetentionPolicy& policy,
                    const ZonedTime& now, const DeleteOptions& options);

// Deletes what killed backups left, tapster's or the original's: folders below base/ without a backup.info, and
// unfinished uploads. `clock` is borrowed.
int delete_orphans(ObjectStore& store, const ArchiveLayout& layout, const Clock& clock, const DeleteOptions& options);

}  // namespace tapster
