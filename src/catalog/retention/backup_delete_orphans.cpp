// Carries out (or prints) the plan of deletion_plan.h for what killed backups left.
#include "catalog/backup_folders.h"
#include "catalog/retention/batched_removal.h"
#include "catalog/retention/deletion_plan.h"

#include <tapster/backup_delete.h>
#include <tapster/literal.h>
#include <tapster/log.h>

#include <map>

namespace tapster {
namespace {

using Uploads = std::vector<UnfinishedUpload>;

class Orphans {
 public:
  Orphans(ObjectStore& store, const ArchiveLayout& layout, const Clock& clock, const DeleteOptions& options)
      : store_(store), layout_(layout), options_(options), now_(clock.now()) {}

  int remove() {
    // Uploads are listed first: the object of one that is completed in between is then in the second listing.
    std::map<std::string, Uploads, std::less<>> uploads = list_uploads();
    BackupCatalog::Folders folders = read_backup_folders(store_, layout_.base_prefix());
    for (const auto& [id, unused] : uploads) folders[id];
    for (const auto& [id, objects] : folders) remove_orphans_of(id, objects, uploads[id]);
    store_.list_uploads(layout_.wals_prefix(), [&](const UnfinishedUpload& upload) {
      if (is_abandoned(activity_of(upload), now_)) remove_upload(upload.upload);
      return true;
    });
    return complete_ ? 0 : 1;
  }

 private:
  std::map<std::string, Uploads, std::less<>> list_uploads();
  UploadActivity activity_of(const UnfinishedUpload& upload);
  void remove_orphans_of(const std::string& id, const std::vector<ObjectEntry>& objects, const Uploads& uploads);
  void remove_objects(const std::string& id, const std::vector<ObjectEntry>& objects);
  void remove_upload(const UploadId& upload);

  ObjectStore& store_;
  const ArchiveLayout& layout_;
  const DeleteOptions& options_;
  const TimePoint now_;
  bool complete_ = true;
};

// By the name of the folder; uploads in no folder under "".
std::map<std::string, Uploads, std::less<>> Orphans::list_uploads() {
  std::map<std::string, Uploads, std::less<>> uploads;
  const std::string base = layout_.base_prefix();
  store_.list_uploads(base, [&](const UnfinishedUpload& upload) {
    const std::string_view path = std::string_view(upload.upload.key).substr(base.size());
    const std::size_t slash = path.find('/');
    uploads[std::string(path.substr(0, slash == path.npos ? 0 : slash))].push_back(upload);
    return true;
  });
  return uploads;
}

// Asks the store for the newest part only if the upload is old enough to be abandoned.
UploadActivity Orphans::activity_of(const UnfinishedUpload& upload) {
  UploadActivity activity{.begun = upload.initiated, .newest_part = std::nullopt};
  if (is_abandoned(activity, now_)) activity.newest_part = store_.newest_part(upload.upload);
  return activity;
}

void Orphans::remove_orphans_of(const std::string& id, const std::vector<ObjectEntry>& objects,
                                const Uploads& uploads) {
  std::vector<UploadActivity> activities;
  activities.reserve(uploads.size());
  for (const UnfinishedUpload& upload : uploads) activities.push_back(activity_of(upload));
  switch (judge_backup_folder(id, objects, activities, now_)) {
    case FolderVerdict::deleted:
      remove_objects(id, objects);
      break;
    case FolderVerdict::kept:
      log::warning("The archives of {} have no backup.info, but are kept: they are left alone",
                   store_.describe(layout_.backup_prefix(id)));
      break;
    case FolderVerdict::perhaps_running:
      log::info("{} has no backup.info; maybe its backup is still running", store_.describe(layout_.backup_prefix(id)));
      break;
    case FolderVerdict::has_info:
    case FolderVerdict::not_a_backup:
    case FolderVerdict::empty:
      break;
  }
  for (std::size_t at = 0; at < uploads.size(); ++at) {
    if (is_abandoned(activities[at], now_)) remove_upload(uploads[at].upload);
  }
}

void Orphans::remove_objects(const std::string& id, const std::vector<ObjectEntry>& objects) {
  if (store_.stat(layout_.backup_info_key(id))) return;  // the backup has ended since the listing
  const std::string folder = layout_.backup_prefix(id);
  std::vector<std::string> keys;
  keys.reserve(objects.size());
  for (const ObjectEntry& object : objects) keys.push_back(folder + object.key);
  if (options_.dry_run) {
    options_.print(fmt::format("Skipping deletion of orphaned objects {} due to --dry-run option", literal_text(keys)));
    return;
  }
  BatchedRemoval removal(store_, options_.batch_size);
  for (std::string& key : keys) removal.add(std::move(key));
  const auto failures = removal.finish();
  log_failures(failures, store_);
  if (!failures.empty()) complete_ = false;
  log::info("Deleted {} objects of {}, which had no backup.info", removal.added() - failures.size(),
            store_.describe(folder));
}

void Orphans::remove_upload(const UploadId& upload) {
  if (options_.dry_run) {
    options_.print(fmt::format("Skipping deletion of the unfinished upload {} of {} due to --dry-run option",
                               literal_text(upload.id), literal_text(upload.key)));
    return;
  }
  store_.abort_upload(upload);
  log::info("Deleted the unfinished upload {} of {}", upload.id, store_.describe(upload.key));
}

}  // namespace

int delete_orphans(ObjectStore& store, const ArchiveLayout& layout, const Clock& clock, const DeleteOptions& options) {
  return Orphans(store, layout, clock, options).remove();
}

}  // namespace tapster
