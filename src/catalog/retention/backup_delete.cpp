// Carries out (or prints) the plan of deletion_plan.h for backups and WAL.
#include "catalog/retention/batched_removal.h"
#include "catalog/retention/deletion_plan.h"
#include "catalog/retention/wal_archive_cleaner.h"

#include <tapster/backup_catalog.h>
#include <tapster/backup_delete.h>
#include <tapster/literal.h>
#include <tapster/log.h>

#include <fmt/ranges.h>

#include <algorithm>

namespace tapster {
namespace {

constexpr int kRefused = 1;

class Deletion {
 public:
  Deletion(ObjectStore& store, const ArchiveLayout& layout, const DeleteOptions& options)
      : store_(store), layout_(layout), options_(options), catalog_(BackupCatalog::read(store, layout)) {}

  int delete_named(const std::string& name);
  int delete_obsolete(const RetentionPolicy& policy, const ZonedTime& now);

 private:
  using Backups = std::vector<const PlannedBackup*>;

  bool log_obstacles() const;
  int carry_out(const DeletionRequest& request);
  void log_verdict(const PlannedBackup& backup) const;
  bool remove(const Backups& backups, bool by_policy);
  void print(const Backups& backups, bool by_policy);
  std::vector<std::string> remove_objects(const Backups& backups);
  bool remove_infos(const std::vector<std::string>& ids);
  bool remove_keys(const std::vector<std::string>& keys);
  bool has_failures(const std::string& id) const;
  std::vector<std::string> keys_of(const PlannedBackup& backup) const;
  bool is_locked(const PlannedBackup& backup);
  bool is_locked(const std::string& key);

  ObjectStore& store_;
  const ArchiveLayout& layout_;
  const DeleteOptions& options_;
  BackupCatalog catalog_;
  std::vector<RemoveFailure> failures_;  // of the last remove_keys
};

// Returns whether there are any.
bool Deletion::log_obstacles() const {
  const std::vector<std::string> obstacles = obstacles_to_deletion(catalog_);
  for (const std::string& obstacle : obstacles) log::error("Nothing is deleted while {}", obstacle);
  return !obstacles.empty();
}

int Deletion::delete_named(const std::string& name) {
  if (log_obstacles()) return kRefused;
  const std::string id = catalog_.resolve(name, layout_.server_name());
  if (catalog_.find(id) == nullptr) {
    log::warning("Backup {} of server {} does not exist", id, layout_.server_name());
    return 0;
  }
  return carry_out({.id = id, .policy = std::nullopt, .minimum_redundancy = options_.minimum_redundancy, .now = {}});
}

int Deletion::delete_obsolete(const RetentionPolicy& policy, const ZonedTime& now) {
  if (log_obstacles()) return kRefused;
  if (policy.kind == RetentionPolicy::Kind::redundancy && policy.redundancy < options_.minimum_redundancy) {
    log::warning("The redundancy {} of the retention policy is raised to the minimum redundancy {}", policy.redundancy,
                 options_.minimum_redundancy);
  }
  return carry_out({.id = {}, .policy = policy, .minimum_redundancy = options_.minimum_redundancy, .now = now});
}

int Deletion::carry_out(const DeletionRequest& request) {
  catalog_.read_keeps(store_, layout_);
  const std::vector<PlannedBackup> plan = plan_deletion(catalog_, request);
  bool complete = true;
  Backups backups;
  for (const PlannedBackup& backup : plan) {
    log_verdict(backup);
    if (backup.refused) complete = false;
    if (backup.verdict != Verdict::deleted) continue;
    if (is_locked(backup)) {
      log::error("Could not delete backup {}: nothing of it was touched", backup.id);
      complete = false;
    } else {
      backups.push_back(&backup);
    }
  }
  const bool by_policy = request.policy.has_value();
  if (options_.dry_run) {
    print(backups, by_policy);
  } else if (!remove(backups, by_policy)) {
    complete = false;
  }
  return complete ? 0 : kRefused;
}

void Deletion::log_verdict(const PlannedBackup& backup) const {
  const log::Level level = backup.refused                                  ? log::Level::error
                           : backup.verdict == Verdict::minimum_redundancy ? log::Level::warning
                                                                           : log::Level::debug;
  log::write(level, fmt::format("Backup {} of server {} {}", backup.id, layout_.server_name(), backup.reason));
}

std::vector<std::string> Deletion::keys_of(const PlannedBackup& backup) const {
  std::vector<std::string> keys;
  keys.reserve(backup.objects.size() + 1);
  for (const std::string& name : backup.objects) keys.push_back(layout_.backup_prefix(backup.id) + name);
  return keys;
}

bool Deletion::is_locked(const PlannedBackup& backup) {
  if (!options_.check_object_lock || !store_.capabilities().object_lock) return false;
  const std::vector<std::string> keys = keys_of(backup);
  return std::any_of(keys.begin(), keys.end(), [this](const std::string& key) { return is_locked(key); });
}

// An object also counts as locked when the store does not say whether it is.
bool Deletion::is_locked(const std::string& key) {
  try {
    const TimePoint now = std::chrono::system_clock::now();
    const auto stat = store_.stat(key);
    if (!stat || (!stat->legal_hold && stat->retain_until.value_or(now) <= now)) return false;
    log::error("{} is locked: {}", store_.describe(key),
               stat->legal_hold ? "there is a legal hold on it" : "its retention period has not ended");
  } catch (const Error& failure) {
    log::error("Could not find out whether {} is locked: {}", store_.describe(key), failure.what());
  }
  return true;
}

// Fills failures_. False: the store did not answer a request.
bool Deletion::remove_keys(const std::vector<std::string>& keys) {
  BatchedRemoval removal(store_, options_.batch_size);
  for (const std::string& key : keys) removal.add(key);
  failures_ = removal.finish();
  log_failures(failures_, store_);
  return !removal.unreachable();
}

bool Deletion::has_failures(const std::string& id) const {
  const std::string prefix = layout_.backup_prefix(id);
  return std::any_of(failures_.begin(), failures_.end(), [&](const auto& one) { return one.key.starts_with(prefix); });
}

// Deletes the objects of all backups together, so that hundreds of backups cost few requests. Returns the ids of the
// backups of which only backup.info is left.
std::vector<std::string> Deletion::remove_objects(const Backups& backups) {
  std::vector<std::string> keys;
  for (const PlannedBackup* backup : backups) {
    std::vector<std::string> of_backup = keys_of(*backup);
    keys.insert(keys.end(), std::make_move_iterator(of_backup.begin()), std::make_move_iterator(of_backup.end()));
  }
  const bool answered = remove_keys(keys);
  std::vector<std::string> emptied;
  for (const PlannedBackup* backup : backups) {
    if (!answered || has_failures(backup->id)) {
      log::error("Could not delete backup {}: its backup.info stays, so that this can be repeated", backup->id);
    } else {
      emptied.push_back(backup->id);
    }
  }
  return emptied;
}

bool Deletion::remove_infos(const std::vector<std::string>& ids) {
  std::vector<std::string> keys;
  keys.reserve(ids.size());
  for (const std::string& id : ids) keys.push_back(layout_.backup_info_key(id));
  const bool answered = remove_keys(keys);
  for (const std::string& id : ids) {
    if (has_failures(id)) {
      log::error("Could not delete backup {}: only its backup.info is left, and this can be repeated", id);
    } else {
      log::info("Deleted backup {}", id);
    }
  }
  return answered && failures_.empty();
}

// The three steps of deletion_plan.h. False: something is left.
bool Deletion::remove(const Backups& backups, bool by_policy) {
  const std::vector<std::string> emptied = remove_objects(backups);
  const std::vector<WalDeletion> wal = plan_wal_deletion(catalog_.backups(), emptied, by_policy);
  for (std::size_t at = 0; at < wal.size(); ++at) {
    log::info("WAL behind backup {}: {} ({})", emptied[at], wal[at].allowed ? "some may go" : "all stays",
              wal[at].reason);
  }
  const bool wal_removed = WalArchiveCleaner(store_, layout_).remove(wal, options_.batch_size);
  const bool infos_removed = remove_infos(emptied);
  return wal_removed && infos_removed && emptied.size() == backups.size();
}

void Deletion::print(const Backups& backups, bool by_policy) {
  std::vector<std::string> ids;
  ids.reserve(backups.size());
  for (const PlannedBackup* backup : backups) ids.push_back(backup->id);
  const std::vector<WalDeletion> wal = plan_wal_deletion(catalog_.backups(), ids, by_policy);
  WalArchiveCleaner cleaner(store_, layout_);
  for (std::size_t at = 0; at < backups.size(); ++at) {
    std::vector<std::string> keys = keys_of(*backups[at]);
    keys.push_back(layout_.backup_info_key(ids[at]));
    options_.print(fmt::format("Skipping deletion of objects {} due to --dry-run option", literal_text(keys)));
    cleaner.print(wal[at], wal, options_.print);
  }
}

}  // namespace

int delete_backup(ObjectStore& store, const ArchiveLayout& layout, const std::string& name,
                  const DeleteOptions& options) {
  return Deletion(store, layout, options).delete_named(name);
}

int delete_obsolete(ObjectStore& store, const ArchiveLayout& layout, const RetentionPolicy& policy,
                    const ZonedTime& now, const DeleteOptions& options) {
  return Deletion(store, layout, options).delete_obsolete(policy, now);
}

}  // namespace tapster
