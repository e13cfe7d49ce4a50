// What backup-delete deletes, in which order, and why everything else stays. This comment is the whole rule.
//
// The plan is pure: it is computed from a catalogue that was read before, asks neither the store nor the clock, and
// deletes nothing. backup_delete.cpp and backup_delete_orphans.cpp carry it out or, for --dry-run, print it.
//
// WHEN NOTHING IS DELETED. One backup.info that cannot be read, or that has a field which this version does not know,
// stops every deletion: nobody can say which WAL that backup needs.
//
// WHICH BACKUPS (plan_deletion)
// -b deletes the named backup, whatever its status. It is refused
//   - if the backup has a keep annotation;
//   - if too few would remain: a usable backup (DONE or WAITING_FOR_WALS) is deleted only while there are more usable
//     ones than the minimum redundancy, any other only while there are more backups of any status.
// -r deletes backups that are DONE, and counts only those, from the newest to the oldest:
//   - REDUNDANCY n keeps the newest n, or the minimum redundancy if that is more;
//   - RECOVERY WINDOW keeps those that ended within the window, and the newest one that ended before it, because
//     recovery to the begin of the window starts there. Older ones stay until the minimum redundancy is reached;
//   - a backup with a keep annotation is counted, and stays.
// A backup of disk snapshots stays in any case: this version cannot delete snapshots.
//
// WHICH WAL (plan_wal_deletion)
// WAL goes with a deleted backup if no older usable backup remains. With -r, older standalone backups do not count.
// What goes is the WAL before a limit: before the first segment of the next usable backup or, if there is none, of the
// deleted backup itself. Before the limit, too, these stay:
//   - every history file;
//   - the timelines, other than the limit's, of all other backups and of the deleted one, whatever their status;
//   - from the begin to the end of each remaining standalone backup;
//   - what any other remaining usable backup that begins before the limit may replay: everything from its begin on, on
//     its timeline and on higher ones. This happens when the order of the backups contradicts the order of their WAL.
// No WAL goes if the limit is not recorded, or if a remaining usable backup does not say which WAL it needs.
//
// IN WHICH ORDER
//   1. archives, annotations and manifests of all backups that go;
//   2. WAL of those backups of which step 1 deleted everything. A backup of which something is left keeps its WAL;
//   3. backup.info of those same backups.
// A deletion that fails or is killed at any point leaves backup.info, so the next one finds the backup and repeats it.
// Without backup.info left, the WAL that could not be deleted goes with the next deletion, whose limit is higher.
//
// WHAT KILLED BACKUPS LEFT (--orphans: judge_backup_folder, is_abandoned)
// A folder without backup.info belongs to a backup that is running or was killed. It is deleted if its name is a
// backup's ID, and nothing has happened for 24 hours: the ID, read in the last of all time zones, is older than that,
// and so are every object and every unfinished upload in it. An age that is not known counts as young. Archives with a
// keep annotation stay. An unfinished upload of a backup or of WAL is aborted if it was begun more than 24 hours ago
// and no part came in since.
#pragma once

#include <tapster/backup_catalog.h>
#include <tapster/clock.h>
#include <tapster/retention_policy.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tapster {

// --- which backups --------------------------------------------------------------------------------------------------

// What stops every deletion: "backup.info of backup X cannot be read: ...". Empty: nothing does.
std::vector<std::string> obstacles_to_deletion(const BackupCatalog& catalog);

struct DeletionRequest {
  std::string id;                         // -b: the backup to delete, which is in the catalogue; not with a policy
  std::optional<RetentionPolicy> policy;  // -r
  int minimum_redundancy = 0;             // backups
  ZonedTime now{};                        // where a recovery window ends
};

enum class Verdict {
  deleted,             // it is the named one, or obsolete under the policy
  not_named,           // -b names another one
  not_done,            // a policy judges only backups that are DONE
  needed,              // the policy needs it
  kept,                // it has a keep annotation
  minimum_redundancy,  // too few would remain without it
  snapshots,           // it consists of disk snapshots
};

struct PlannedBackup {
  std::string id;
  Verdict verdict = Verdict::needed;
  bool refused = false;              // the user asked for its deletion, and it stays: the command ends with 1
  std::string reason;                // a predicate for messages: "is one of the newest 2 that are DONE"
  std::vector<std::string> objects;  // if deleted: names within its folder, in the order of deletion; no backup.info
};

// One for each backup of the catalogue, in its order. Needs BackupCatalog::read_keeps. Logs a warning for a deleted
// backup whose archives are not complete.
std::vector<PlannedBackup> plan_deletion(const BackupCatalog& catalog, const DeletionRequest& request);

// The part of plan_deletion that knows policies. `backups` as in BackupCatalog; does not look for snapshots.
std::vector<Verdict> judge_by_policy(std::span<const CatalogedBackup> backups, const RetentionPolicy& policy,
                                     int minimum_redundancy, const ZonedTime& now);

// --- which WAL ------------------------------------------------------------------------------------------------------

struct WalRange {
  std::string begin, end;  // segment names, both included

  bool operator==(const WalRange&) const = default;
};

// What is to be done with a folder wals/HASHDIR/.
enum class WalFolder {
  stays,    // nothing in it goes
  mixed,    // WalDeletion::deletes decides each name
  goes,     // everything in it goes, also what is no WAL
  not_wal,  // its name is not that of a folder of WAL: it is left alone
};

// The WAL that goes with one deleted backup: a predicate over names, so that an archive of any size need not be held
// in memory. Names are compared as text, with hex digits in upper case: names of lower timelines come before those of
// higher ones.
struct WalDeletion {
  bool allowed = false;              // false: no WAL goes
  std::string limit;                 // segments before this one go, but for what follows
  std::uint32_t limit_timeline = 0;  // the limit's
  std::vector<std::uint32_t> protected_timelines;
  std::vector<WalRange> protected_ranges;  // of standalone backups
  std::vector<std::string> replay_begins;  // where other backups that begin before the limit begin
  std::string reason;                      // why no WAL goes, or whose begin is the limit

  bool deletes(const WalName& name) const;  // `name` without a compression suffix
  WalFolder judge_hash_dir(std::string_view hash_dir) const;
};

// One for each of `deleted`, in the same order; each is planned for the backups that those before it have left.
// `backups` as in BackupCatalog, with their keeps, the deleted ones included.
std::vector<WalDeletion> plan_wal_deletion(std::span<const CatalogedBackup> backups,
                                           std::span<const std::string> deleted, bool by_policy);

// --- what killed backups left ---------------------------------------------------------------------------------------

struct UploadActivity {
  std::optional<TimePoint> begun;        // nullopt: not known
  std::optional<TimePoint> newest_part;  // nullopt: there is none
};

bool is_abandoned(const UploadActivity& upload, TimePoint now);

enum class FolderVerdict {
  deleted,          // all its objects go
  has_info,         // it is a backup
  not_a_backup,     // its name is not an ID
  empty,            // no objects: there are only uploads in it
  kept,             // archives with a keep annotation
  perhaps_running,  // something happened within 24 hours, or nobody knows when
};

// The folder base/ID/: its objects, by names within it, and its unfinished uploads.
FolderVerdict judge_backup_folder(std::string_view id, std::span<const ObjectEntry> objects,
                                  std::span<const UploadActivity> uploads, TimePoint now);

}  // namespace tapster
