#include "catalog/retention/deletion_plan.h"

#include <tapster/backup_archives.h>
#include <tapster/log.h>

#include <fmt/ranges.h>

#include <algorithm>

namespace tapster {
namespace {

std::string minimum_reason(int minimum, std::ptrdiff_t count) {
  return fmt::format("is needed for the minimum redundancy of {}: there are {} backups", minimum, count);
}

// How many backups the minimum redundancy is compared with where `backup` is to be deleted: usable ones if it is
// usable, because failed ones are no redundancy for it; else all.
std::ptrdiff_t redundancy_of(const CatalogedBackup& backup, const std::vector<CatalogedBackup>& all) {
  if (!backup.info.usable()) return static_cast<std::ptrdiff_t>(all.size());
  return std::count_if(all.begin(), all.end(), [](const auto& one) { return one.info.usable(); });
}

std::vector<Verdict> judge_by_id(const std::vector<CatalogedBackup>& backups, const DeletionRequest& request) {
  std::vector<Verdict> verdicts(backups.size(), Verdict::not_named);
  for (std::size_t at = 0; at < backups.size(); ++at) {
    const CatalogedBackup& backup = backups[at];
    if (backup.id != request.id) continue;
    const bool too_few = request.minimum_redundancy > 0 && redundancy_of(backup, backups) <= request.minimum_redundancy;
    verdicts[at] = backup.keep ? Verdict::kept : too_few ? Verdict::minimum_redundancy : Verdict::deleted;
  }
  return verdicts;
}

std::string needed_reason(const DeletionRequest& request) {
  if (request.policy->kind == RetentionPolicy::Kind::recovery_window) {
    return "is needed for recovery to any moment of the recovery window";
  }
  const auto count = std::max<std::int64_t>(request.policy->redundancy, request.minimum_redundancy);
  return fmt::format("is one of the newest {} that are DONE", count);
}

std::string explain(const CatalogedBackup& backup, Verdict verdict, const DeletionRequest& request,
                    const std::vector<CatalogedBackup>& all) {
  switch (verdict) {
    case Verdict::deleted:
      return request.policy ? "is obsolete" : "is the one to delete";
    case Verdict::not_named:
      return "is not the one to delete";
    case Verdict::not_done:
      return fmt::format("is {}, and retention policies delete only backups that are DONE",
                         name_of(backup.info.status));
    case Verdict::needed:
      return needed_reason(request);
    case Verdict::kept:
      return fmt::format("is kept ({}): barman-cloud-backup-keep --release lets it go", backup.keep->text);
    case Verdict::minimum_redundancy:
      return request.policy
                 ? fmt::format("is obsolete, but stays for the minimum redundancy of {}", request.minimum_redundancy)
                 : minimum_reason(request.minimum_redundancy, redundancy_of(backup, all));
    case Verdict::snapshots:
      return "consists of disk snapshots, which cannot be deleted yet";
  }
  return {};
}

bool is_refusal(Verdict verdict, bool by_policy) {
  return verdict == Verdict::snapshots ||
         (!by_policy && (verdict == Verdict::kept || verdict == Verdict::minimum_redundancy));
}

// Whether an object of the folder is an archive of PGDATA (`base` "data") or of a tablespace (its OID), also one of an
// unknown compression.
bool is_archive(std::string_view name, const std::string& base) {
  if (!name.starts_with(base) || name.find('/') != std::string_view::npos) return false;
  name.remove_prefix(base.size());
  if (name.starts_with('_')) name.remove_prefix(std::min(name.find('.'), name.size()));
  return name == ".tar" || name.starts_with(".tar.");
}

// The archives in the order in which they are restored, then the other objects of the backup: annotations, the
// manifest, and archives that cannot be restored, because their compression is unknown or there are two main ones.
std::vector<std::string> objects_of(const CatalogedBackup& backup, const BackupCatalog::Folders& folders) {
  const auto found = folders.find(backup.id);
  if (found == folders.end()) return {};
  const std::vector<ObjectEntry>& folder = found->second;
  std::vector<std::string> names;
  names.reserve(folder.size());
  const std::vector<ArchiveSet> sets = find_archives(backup.info, folder);
  for (const ArchiveSet& set : sets) {
    if (!set.complete) log::warning("Backup {} has no main archive of {}", backup.id, set.base_name());
    for (const BackupArchive& archive : set.archives) names.push_back(archive.name);
  }
  for (const ObjectEntry& object : folder) {
    const std::string& name = object.key;
    const bool of_backup =
        name.starts_with(kAnnotationsFolder) || name == kManifestName ||
        std::any_of(sets.begin(), sets.end(), [&](const auto& set) { return is_archive(name, set.base_name()); });
    if (of_backup && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

}  // namespace

std::vector<std::string> obstacles_to_deletion(const BackupCatalog& catalog) {
  std::vector<std::string> obstacles;
  for (const UnreadableBackup& backup : catalog.unreadable()) {
    obstacles.push_back(fmt::format("backup.info of backup {} cannot be read: {}", backup.id, backup.reason));
  }
  for (const CatalogedBackup& backup : catalog.backups()) {
    if (backup.info.unknown_fields.empty()) continue;
    obstacles.push_back(fmt::format("backup.info of backup {} has unknown fields ({}): a newer version wrote it",
                                    backup.id, fmt::join(backup.info.unknown_fields, ", ")));
  }
  return obstacles;
}

std::vector<PlannedBackup> plan_deletion(const BackupCatalog& catalog, const DeletionRequest& request) {
  const std::vector<CatalogedBackup>& backups = catalog.backups();
  const bool by_policy = request.policy.has_value();
  const std::vector<Verdict> verdicts =
      by_policy ? judge_by_policy(backups, *request.policy, request.minimum_redundancy, request.now)
                : judge_by_id(backups, request);
  std::vector<PlannedBackup> plan;
  plan.reserve(backups.size());
  for (std::size_t at = 0; at < backups.size(); ++at) {
    const CatalogedBackup& backup = backups[at];
    Verdict verdict = verdicts[at];
    if (verdict == Verdict::deleted && backup.info.snapshots_info) verdict = Verdict::snapshots;
    plan.push_back({.id = backup.id,
                    .verdict = verdict,
                    .refused = is_refusal(verdict, by_policy),
                    .reason = explain(backup, verdict, request, backups),
                    .objects = {}});
    if (verdict == Verdict::deleted) plan.back().objects = objects_of(backup, catalog.folders());
  }
  return plan;
}

}  // namespace tapster
