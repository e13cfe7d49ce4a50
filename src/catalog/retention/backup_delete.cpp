#include "catalog/retention/batched_removal.h"
#include "catalog/retention/wal_cleanup.h"

#include <tapster/backup_archives.h>
#include <tapster/backup_catalog.h>
#include <tapster/backup_delete.h>
#include <tapster/literal.h>
#include <tapster/log.h>

#include <fmt/ranges.h>

#include <algorithm>

namespace tapster {
namespace {

constexpr int kRefused = 1;

// Whether an object of the folder is an archive of that base ("data", an OID), in whatever form.
bool is_archive(std::string_view name, const std::string& base) {
  if (!name.starts_with(base) || name.find('/') != std::string_view::npos) return false;
  name.remove_prefix(base.size());
  if (name.starts_with('_')) name.remove_prefix(std::min(name.find('.'), name.size()));
  return name == ".tar" || name.starts_with(".tar.");
}

class Deletion {
 public:
  Deletion(ObjectStore& store, const ArchiveLayout& layout, const DeleteOptions& options)
      : store_(store), layout_(layout), options_(options), catalog_(BackupCatalog::read(store, layout)) {}

  int one(const std::string& name);
  int obsolete(const RetentionPolicy& policy, const ZonedTime& now);

 private:
  bool readable() const;
  bool may_go(const CatalogedBackup& backup) const;
  int remove(const std::vector<std::string>& ids, bool by_policy);
  int rehearse(const std::vector<std::string>& ids, bool by_policy);
  std::vector<std::string> remove_objects(const std::vector<std::string>& ids);
  bool remove_records(const std::vector<std::string>& ids);
  bool remove_all(const std::vector<std::string>& keys);
  bool failed(const std::string& id) const;
  std::vector<std::string> keys_of(const CatalogedBackup& backup) const;
  bool locked(const std::vector<std::string>& keys);
  bool supported(const CatalogedBackup& backup) const;

  ObjectStore& store_;
  const ArchiveLayout& layout_;
  const DeleteOptions& options_;
  BackupCatalog catalog_;
  std::vector<RemoveFailure> failures_;  // of the last remove_all
};

// Retention must not reckon with a part of the backups, nor with records that are half understood.
bool Deletion::readable() const {
  bool readable = true;
  for (const UnreadableBackup& backup : catalog_.unreadable()) {
    log::error("Nothing is deleted while backup.info of backup {} cannot be read: {}", backup.id, backup.reason);
    readable = false;
  }
  for (const CatalogedBackup& backup : catalog_.backups()) {
    if (backup.info.unknown_fields.empty()) continue;
    log::error("Nothing is deleted while backup.info of backup {} has unknown fields ({}): a newer version wrote it",
               backup.id, fmt::join(backup.info.unknown_fields, ", "));
    readable = false;
  }
  return readable;
}

bool Deletion::may_go(const CatalogedBackup& backup) const {
  if (backup.keep) {
    log::error("Backup {} of server {} is kept ({}): barman-cloud-backup-keep --release lets it go", backup.id,
               layout_.server_name(), backup.keep->text);
    return false;
  }
  if (options_.minimum_redundancy <= 0) return true;
  // A failed backup is no redundancy: it neither counts beside a usable one, nor is it missed.
  const auto& all = catalog_.backups();
  const auto count = backup.info.usable()
                         ? std::count_if(all.begin(), all.end(), [](const auto& one) { return one.info.usable(); })
                         : static_cast<std::ptrdiff_t>(all.size());
  if (count > options_.minimum_redundancy) return true;
  log::error("Backup {} of server {} is needed for the minimum redundancy of {}: there are {} backups", backup.id,
             layout_.server_name(), options_.minimum_redundancy, count);
  return false;
}

int Deletion::one(const std::string& name) {
  if (!readable()) return kRefused;
  const std::string id = catalog_.resolve(name, layout_.server_name());
  const CatalogedBackup* backup = catalog_.find(id);
  if (backup == nullptr) {
    log::warning("Backup {} of server {} does not exist", id, layout_.server_name());
    return 0;
  }
  catalog_.read_keeps(store_, layout_);
  if (!may_go(*catalog_.find(id))) return kRefused;
  return remove({id}, false);
}

int Deletion::obsolete(const RetentionPolicy& policy, const ZonedTime& now) {
  if (!readable()) return kRefused;
  catalog_.read_keeps(store_, layout_);
  if (policy.kind == RetentionPolicy::Kind::redundancy && policy.redundancy < options_.minimum_redundancy) {
    log::warning("The redundancy {} of the retention policy is raised to the minimum redundancy {}", policy.redundancy,
                 options_.minimum_redundancy);
  }
  const auto verdicts = apply_retention(policy, options_.minimum_redundancy, catalog_.backups(), now);
  std::vector<std::string> ids;
  for (std::size_t at = 0; at < verdicts.size(); ++at) {
    const std::string& id = catalog_.backups()[at].id;
    if (verdicts[at] == Retention::obsolete) ids.push_back(id);
    if (verdicts[at] == Retention::potentially_obsolete) {
      log::warning("Backup {} is obsolete, but stays for the minimum redundancy of {}", id,
                   options_.minimum_redundancy);
    }
  }
  return remove(ids, true);
}

// The archives in the order in which they are restored, then what else was stored for the backup: archives that
// cannot be restored (of unknown forms, a second main one), annotations, the manifest.
std::vector<std::string> Deletion::keys_of(const CatalogedBackup& backup) const {
  const auto found = catalog_.folders().find(backup.id);
  if (found == catalog_.folders().end()) return {};
  const std::vector<ObjectEntry>& folder = found->second;
  const std::string prefix = layout_.backup_prefix(backup.id);
  std::vector<std::string> keys;
  keys.reserve(folder.size());
  const std::vector<ArchiveSet> sets = find_archives(backup.info, folder);
  for (const ArchiveSet& set : sets) {
    if (!set.complete) log::warning("Backup {} has no main archive of {}", backup.id, set.base_name());
    for (const BackupArchive& archive : set.archives) keys.push_back(prefix + archive.name);
  }
  for (const ObjectEntry& object : folder) {
    std::string key = prefix + object.key;
    const bool of_backup =
        object.key.starts_with(kAnnotationsFolder) || object.key == kManifestName ||
        std::any_of(sets.begin(), sets.end(), [&](const auto& set) { return is_archive(object.key, set.base_name()); });
    if (of_backup && std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
  }
  return keys;
}

bool Deletion::locked(const std::vector<std::string>& keys) {
  if (!options_.check_object_lock || !store_.capabilities().object_lock) return false;
  const TimePoint now = std::chrono::system_clock::now();
  for (const std::string& key : keys) {
    try {
      const auto stat = store_.stat(key);
      if (!stat || (!stat->legal_hold && stat->retain_until.value_or(now) <= now)) continue;
      log::error("{} is locked: {}", store_.describe(key),
                 stat->legal_hold ? "there is a legal hold on it" : "its retention period has not ended");
    } catch (const Error& failure) {
      log::error("Could not find out whether {} is locked: {}", store_.describe(key), failure.what());
    }
    return true;
  }
  return false;
}

bool Deletion::supported(const CatalogedBackup& backup) const {
  if (!backup.info.snapshots_info) return true;
  log::error("Could not delete backup {}: it consists of disk snapshots, which are not supported yet", backup.id);
  return false;
}

// False: the store did not answer.
bool Deletion::remove_all(const std::vector<std::string>& keys) {
  BatchedRemoval removal(store_, options_.batch_size);
  for (const std::string& key : keys) removal.add(key);
  failures_ = removal.finish();
  log_failures(failures_, store_);
  return !removal.unreachable();
}

bool Deletion::failed(const std::string& id) const {
  const std::string prefix = layout_.backup_prefix(id);
  return std::any_of(failures_.begin(), failures_.end(), [&](const auto& one) { return one.key.starts_with(prefix); });
}

// Everything but backup.info, of all backups together: hundreds of them cost few requests. Those that have nothing
// else left.
std::vector<std::string> Deletion::remove_objects(const std::vector<std::string>& ids) {
  std::vector<std::string> tried, keys, empty;
  for (const std::string& id : ids) {
    const CatalogedBackup& backup = *catalog_.find(id);
    if (!supported(backup)) continue;
    std::vector<std::string> of_backup = keys_of(backup);
    if (locked(of_backup)) {
      log::error("Could not delete backup {}: nothing of it was touched", id);
      continue;
    }
    tried.push_back(id);
    keys.insert(keys.end(), std::make_move_iterator(of_backup.begin()), std::make_move_iterator(of_backup.end()));
  }
  const bool answered = remove_all(keys);
  for (const std::string& id : tried) {
    if (!answered || failed(id)) {
      log::error("Could not delete backup {}: its backup.info stays, so that this can be repeated", id);
    } else {
      empty.push_back(id);
    }
  }
  return empty;
}

bool Deletion::remove_records(const std::vector<std::string>& ids) {
  std::vector<std::string> keys;
  keys.reserve(ids.size());
  for (const std::string& id : ids) keys.push_back(layout_.backup_info_key(id));
  const bool answered = remove_all(keys);
  for (const std::string& id : ids) {
    if (failed(id)) {
      log::error("Could not delete backup {}: only its backup.info is left, and this can be repeated", id);
    } else {
      log::info("Deleted backup {}", id);
    }
  }
  return answered && failures_.empty();
}

// Every deletion makes a plan out of what there was before it; the WAL of all plans goes together. The records go
// last of all: when this is cut short, the next run finds them and does it all again.
int Deletion::remove(const std::vector<std::string>& ids, bool by_policy) {
  if (options_.dry_run) return rehearse(ids, by_policy);
  const std::vector<std::string> empty = remove_objects(ids);
  std::vector<WalCleanup> plans;
  plans.reserve(empty.size());
  for (const std::string& id : empty) {
    plans.push_back(plan_wal_cleanup(catalog_.backups(), id, by_policy));
    log::info("WAL behind backup {}: {} ({})", id, plans.back().anything ? "some may go" : "all stays",
              plans.back().reason);
    catalog_.forget(id);
  }
  const bool clean = WalArchiveCleaner(store_, layout_).remove(plans, options_.batch_size);
  const bool recorded = remove_records(empty);
  return clean && recorded && empty.size() == ids.size() ? 0 : kRefused;
}

int Deletion::rehearse(const std::vector<std::string>& ids, bool by_policy) {
  bool complete = true;
  std::vector<std::vector<std::string>> keys;
  std::vector<WalCleanup> plans;
  for (const std::string& id : ids) {
    const CatalogedBackup& backup = *catalog_.find(id);
    std::vector<std::string> of_backup = keys_of(backup);
    if (!supported(backup) || locked(of_backup)) {
      complete = false;
      continue;
    }
    of_backup.push_back(layout_.backup_info_key(id));
    keys.push_back(std::move(of_backup));
    plans.push_back(plan_wal_cleanup(catalog_.backups(), id, by_policy));
    catalog_.forget(id);
  }
  WalArchiveCleaner cleaner(store_, layout_);
  for (std::size_t at = 0; at < plans.size(); ++at) {
    options_.print(fmt::format("Skipping deletion of objects {} due to --dry-run option", literal_text(keys[at])));
    cleaner.print(plans[at], plans, options_.print);
  }
  return complete ? 0 : kRefused;
}

}  // namespace

int delete_backup(ObjectStore& store, const ArchiveLayout& layout, const std::string& name,
                  const DeleteOptions& options) {
  return Deletion(store, layout, options).one(name);
}

int delete_obsolete(ObjectStore& store, const ArchiveLayout& layout, const RetentionPolicy& policy,
                    const ZonedTime& now, const DeleteOptions& options) {
  return Deletion(store, layout, options).obsolete(policy, now);
}

}  // namespace tapster
