#include "catalog/backup_folders.h"
#include "catalog/keep.h"
#include "catalog/small_object.h"

#include <tapster/backup_catalog.h>
#include <tapster/error.h>
#include <tapster/log.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace tapster {
namespace {

constexpr std::size_t kLargestInfo = 4 << 20;

// One backup.info that was listed. Without info and problem it has been deleted since.
struct InfoReading {
  std::optional<BackupInfo> info;
  std::string problem;  // why it cannot be parsed
};

// Throws what the store throws: that is no problem of the file.
InfoReading read_listed_info(ObjectStore& store, const std::string& key) {
  InfoReading reading;
  const auto text = read_small_object(store, key, kLargestInfo);
  if (!text) return reading;
  try {
    reading.info = BackupInfo::parse(*text);
  } catch (const Error& failure) {
    reading.problem = failure.what();
  }
  return reading;
}

const ObjectEntry* find_in(const std::vector<ObjectEntry>& folder, std::string_view name) {
  const auto found =
      std::find_if(folder.begin(), folder.end(), [&](const ObjectEntry& entry) { return entry.key == name; });
  return found == folder.end() ? nullptr : &*found;
}

bool contains(const BackupCatalog::Folders& folders, const std::string& id, std::string_view name) {
  const auto folder = folders.find(id);
  return folder != folders.end() && find_in(folder->second, name) != nullptr;
}

template <typename Backups>
auto lower_bound(Backups& backups, std::string_view id) {
  return std::lower_bound(
      backups.begin(), backups.end(), id,
      [](const CatalogedBackup& backup, std::string_view wanted) { return backup.id.compare(wanted) < 0; });
}

}  // namespace

BackupCatalog BackupCatalog::read(ObjectStore& store, const ArchiveLayout& layout) {
  BackupCatalog catalog;
  catalog.folders_ = read_backup_folders(store, layout.base_prefix());
  std::vector<std::string> ids;
  std::vector<InfoReading> readings;
  ids.reserve(catalog.folders_.size());
  readings.reserve(catalog.folders_.size());
  for (const auto& [id, folder] : catalog.folders_) {
    const ObjectEntry* const entry = find_in(folder, kBackupInfoName);
    if (entry == nullptr) continue;
    ids.push_back(id);
    readings.emplace_back();
    if (entry->size > kLargestInfo) readings.back().problem = fmt::format("it has {} bytes", entry->size);
  }
  in_parallel(ids.size(), [&](std::size_t index) {
    if (!readings[index].problem.empty()) return;
    readings[index] = read_listed_info(store, layout.backup_info_key(ids[index]));
  });
  catalog.backups_.reserve(ids.size());
  for (std::size_t index = 0; index < ids.size(); ++index) {
    auto& [info, problem] = readings[index];
    if (!problem.empty()) {
      log::warning("Unable to open backup.info file for {}: {}", ids[index], problem);
      catalog.unreadable_.push_back({ids[index], problem});
    } else if (info) {
      if (!info->unknown_fields.empty()) {
        log::warning("The backup.info of {} has fields that are not known here, and are ignored: {}", ids[index],
                     fmt::join(info->unknown_fields, ", "));
      }
      catalog.backups_.push_back({ids[index], std::move(*info), std::nullopt});
    }
  }
  return catalog;
}

void BackupCatalog::read_keeps(ObjectStore& store, const ArchiveLayout& layout) {
  struct Found {
    CatalogedBackup* backup = nullptr;
    std::string key;
    std::optional<Keep> keep;
  };
  std::vector<Found> found;
  found.reserve(backups_.size());
  const auto slashed = layout.slashed_base_prefix();
  const Folders others = slashed.empty() ? Folders() : read_backup_folders(store, slashed);
  for (CatalogedBackup& backup : backups_) {
    backup.keep.reset();
    if (contains(folders_, backup.id, kKeepName)) found.push_back({&backup, layout.keep_key(backup.id), std::nullopt});
    if (contains(others, backup.id, kKeepName))
      found.push_back({&backup, slashed_keep_key(layout, backup.id), std::nullopt});
  }
  in_parallel(found.size(), [&](std::size_t index) { found[index].keep = read_keep_at(store, found[index].key); });
  for (Found& item : found) item.backup->keep = stronger_keep(std::move(item.backup->keep), std::move(item.keep));
}

const CatalogedBackup* BackupCatalog::find(std::string_view id) const noexcept {
  const auto found = lower_bound(backups_, id);
  return found != backups_.end() && found->id == id ? &*found : nullptr;
}

std::string BackupCatalog::resolve(std::string_view name, const std::string& server_name) const {
  if (is_backup_id(name)) return std::string(name);
  if (!backups_.empty()) {
    if (name == "last" || name == "latest") return backups_.back().id;
    if (name == "first" || name == "oldest") return backups_.front().id;
  }
  if (name == "last-failed") {
    const auto failed = std::find_if(backups_.rbegin(), backups_.rend(), [](const CatalogedBackup& backup) {
      return backup.info.status == BackupStatus::failed;
    });
    if (failed != backups_.rend()) return failed->id;
  }
  std::vector<std::string_view> ids;
  for (const CatalogedBackup& backup : backups_) {
    if (backup.info.backup_name == name)
      ids.push_back(backup.id);  // NOLINT(*-inefficient-vector-operation): rarely two
  }
  if (ids.size() == 1) return std::string(ids.front());
  if (ids.empty()) throw error(ErrorKind::general, "Unknown backup '{}' for server '{}'", name, server_name);
  throw error(ErrorKind::general, "Multiple backups found matching name '{}' (try using backup ID instead): {}", name,
              fmt::join(ids, " "));
}

BackupCatalog BackupCatalog::of(std::vector<CatalogedBackup> backups) {
  BackupCatalog catalog;
  catalog.backups_ = std::move(backups);
  std::sort(catalog.backups_.begin(), catalog.backups_.end(),
            [](const CatalogedBackup& a, const CatalogedBackup& b) { return a.id < b.id; });
  return catalog;
}

std::optional<BackupInfo> read_backup_info(ObjectStore& store, const ArchiveLayout& layout, const std::string& id) {
  const std::string key = layout.backup_info_key(id);
  const auto text = read_small_object(store, key, kLargestInfo);
  if (!text) return std::nullopt;
  try {
    return BackupInfo::parse(*text);
  } catch (const Error& failure) {
    throw error(ErrorKind::general, "{}: {}", store.describe(key), failure.what());
  }
}

std::string resolve_backup(ObjectStore& store, const ArchiveLayout& layout, const std::string& name) {
  if (is_backup_id(name)) return name;
  return BackupCatalog::read(store, layout).resolve(name, layout.server_name());
}

}  // namespace tapster
