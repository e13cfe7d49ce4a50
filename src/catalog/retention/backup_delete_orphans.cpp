// What killed backups left: archives without backup.info, unfinished uploads.
#include "catalog/retention/batched_removal.h"

#include <tapster/backup_delete.h>
#include <tapster/literal.h>
#include <tapster/log.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace tapster {
namespace {

using std::chrono::sys_days;

// A backup that is alive stores a part or an object every few seconds, or waits for a checkpoint or for WAL.
constexpr auto kQuiet = std::chrono::hours(24);
// An id is local time, but of which zone is not known: UTC-12 is the last to reach it.
constexpr auto kLastZone = std::chrono::hours(12);

// The latest moment that an id may mean; nullopt when it is no date.
std::optional<TimePoint> latest_time_of(std::string_view id) {
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = 0;
    std::from_chars(id.data() + at, id.data() + at + digits, value);
    return value;
  };
  const std::chrono::year_month_day date{std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(4, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(6, 2)))};
  if (!date.ok()) return std::nullopt;
  return TimePoint(sys_days(date)) + std::chrono::hours(number(9, 2)) + std::chrono::minutes(number(11, 2)) +
         std::chrono::seconds(number(13, 2)) + kLastZone;
}

struct Folder {
  std::vector<ObjectEntry> objects;
  std::vector<UnfinishedUpload> uploads;
  bool has_info = false;
  bool has_keep = false;
  bool only_annotations = true;
};

class Orphans {
 public:
  Orphans(ObjectStore& store, const ArchiveLayout& layout, const Clock& clock, const DeleteOptions& options)
      : store_(store), layout_(layout), options_(options), quiet_since_(clock.now() - kQuiet) {}

  int remove() {
    read_folders();
    for (auto& [id, folder] : folders_) {
      if (!folder.has_info && is_backup_id(id)) remove_folder(id, folder);
      for (const UnfinishedUpload& upload : folder.uploads) remove_upload(upload);
    }
    store_.list_uploads(layout_.wals_prefix(), [&](const UnfinishedUpload& upload) {
      remove_upload(upload);
      return true;
    });
    return complete_ ? 0 : 1;
  }

 private:
  void read_folders();
  bool is_quiet(const std::string& id, const Folder& folder);
  bool is_quiet(const UnfinishedUpload& upload);
  void remove_folder(const std::string& id, const Folder& folder);
  void remove_upload(const UnfinishedUpload& upload);

  // "ID/rest" out of a key; empty when it is in no folder.
  std::string_view id_of(std::string_view key) const {
    key.remove_prefix(layout_.base_prefix().size());
    const std::size_t slash = key.find('/');
    return slash == std::string_view::npos ? std::string_view() : key.substr(0, slash);
  }

  ObjectStore& store_;
  const ArchiveLayout& layout_;
  const DeleteOptions& options_;
  const TimePoint quiet_since_;
  std::map<std::string, Folder> folders_;
  bool complete_ = true;
};

// Uploads first: one that is completed meanwhile is then in the listing.
void Orphans::read_folders() {
  store_.list_uploads(layout_.base_prefix(), [&](const UnfinishedUpload& upload) {
    folders_[std::string(id_of(upload.upload.key))].uploads.push_back(upload);
    return true;
  });
  store_.list(layout_.base_prefix(), {}, [&](const ListPage& page) {
    for (const ObjectEntry& object : page.objects) {
      const std::string id(id_of(object.key));
      Folder& folder = folders_[id];
      const std::string_view name = std::string_view(object.key).substr(layout_.base_prefix().size() + id.size() + 1);
      if (name == kBackupInfoName) folder.has_info = true;
      if (name == kKeepName) folder.has_keep = true;
      if (!name.starts_with(kAnnotationsFolder)) folder.only_annotations = false;
      if (!folder.has_info) folder.objects.push_back(object);
    }
    return true;
  });
}

bool Orphans::is_quiet(const UnfinishedUpload& upload) {
  if (!upload.initiated || *upload.initiated > quiet_since_) return false;
  const auto newest = store_.newest_part(upload.upload);
  return !newest || *newest <= quiet_since_;
}

bool Orphans::is_quiet(const std::string& id, const Folder& folder) {
  const auto begun = latest_time_of(id);
  return begun && *begun <= quiet_since_ &&
         std::all_of(folder.objects.begin(), folder.objects.end(),
                     [&](const auto& object) { return object.modified && *object.modified <= quiet_since_; }) &&
         std::all_of(folder.uploads.begin(), folder.uploads.end(),
                     [&](const auto& upload) { return is_quiet(upload); });
}

void Orphans::remove_folder(const std::string& id, const Folder& folder) {
  if (folder.objects.empty()) return;
  if (folder.has_keep && !folder.only_annotations) {
    log::warning("The archives of {} have no backup.info, but are kept: they are left alone",
                 store_.describe(layout_.backup_prefix(id)));
    return;
  }
  if (!is_quiet(id, folder)) {
    log::info("{} has no backup.info; maybe its backup is still running", store_.describe(layout_.backup_prefix(id)));
    return;
  }
  if (store_.stat(layout_.backup_info_key(id))) return;  // it has just come to its end
  std::vector<std::string> keys;
  keys.reserve(folder.objects.size());
  for (const ObjectEntry& object : folder.objects) keys.push_back(object.key);
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
            store_.describe(layout_.backup_prefix(id)));
}

void Orphans::remove_upload(const UnfinishedUpload& upload) {
  const std::string& key = upload.upload.key;
  if (!is_quiet(upload)) return;
  if (options_.dry_run) {
    options_.print(fmt::format("Skipping deletion of the unfinished upload {} of {} due to --dry-run option",
                               literal_text(upload.upload.id), literal_text(key)));
    return;
  }
  store_.abort_upload(upload.upload);
  log::info("Deleted the unfinished upload {} of {}", upload.upload.id, store_.describe(key));
}

}  // namespace

int delete_orphans(ObjectStore& store, const ArchiveLayout& layout, const Clock& clock, const DeleteOptions& options) {
  return Orphans(store, layout, clock, options).remove();
}

}  // namespace tapster
