// The base backups of one server in the store.
#pragma once

#include <tapster/archive_layout.h>
#include <tapster/backup_info.h>
#include <tapster/object_store.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tapster {

// What a keep annotation asks for. `other` is any unknown text, which keeps as much as full.
enum class KeepTarget { full, standalone, other };

struct Keep {
  KeepTarget target = KeepTarget::full;
  std::string text;  // the first line of the annotation
};

struct CatalogedBackup {
  std::string id;
  BackupInfo info;
  std::optional<Keep> keep;  // filled by BackupCatalog::read_keeps
};

struct UnreadableBackup {
  std::string id;
  std::string reason;
};

// A snapshot of the catalogue; not thread-safe.
class BackupCatalog {
 public:
  // Lists base/ once and reads every backup.info, several at a time. A folder without one is no backup of the
  // catalogue: its backup is running, or was killed. A backup.info that cannot be parsed is unreadable() and a warning,
  // never an error. Unknown fields are a warning. A server that does not exist has an empty catalogue. Throws what the
  // store throws.
  static BackupCatalog read(ObjectStore& store, const ArchiveLayout& layout);

  // Reads the keep annotations under both keys (see ArchiveLayout::slashed_base_prefix). Throws what the store throws.
  void read_keeps(ObjectStore& store, const ArchiveLayout& layout);

  const std::vector<CatalogedBackup>& backups() const noexcept { return backups_; }  // ascending by id
  const std::vector<UnreadableBackup>& unreadable() const noexcept { return unreadable_; }
  const CatalogedBackup* find(std::string_view id) const noexcept;

  // Every object in a folder below base/, by that folder's name: keys relative to "base/ID/", with sizes and times.
  // Also of folders that have no backup.info, or whose name is no id.
  using Folders = std::map<std::string, std::vector<ObjectEntry>, std::less<>>;
  const Folders& folders() const noexcept { return folders_; }

  // The id of the backup that `name` means: an id (returned as it is, also one that is not in the catalogue), last,
  // latest, first, oldest, last-failed, or a backup's name. Throws Error (general): "Unknown backup 'X' for server
  // 'S'", or the ids that share the name.
  std::string resolve(std::string_view name, const std::string& server_name) const;

  // For tests: a catalogue without a store.
  static BackupCatalog of(std::vector<CatalogedBackup> backups);

 private:
  std::vector<CatalogedBackup> backups_;
  std::vector<UnreadableBackup> unreadable_;
  Folders folders_;
};

// Reads the backup.info of one backup. nullopt: proven absent. Throws Error (general) if it cannot be parsed.
std::optional<BackupInfo> read_backup_info(ObjectStore& store, const ArchiveLayout& layout, const std::string& id);

// BackupCatalog::resolve; reads the catalogue only if `name` is not an id.
std::string resolve_backup(ObjectStore& store, const ArchiveLayout& layout, const std::string& name);

// The keep annotation of one backup. write_keep stores it under the normal key, and under the other one if there is one
// already. release_keep deletes both, and does nothing where there is none. All throw what the store throws.
std::optional<Keep> read_keep(ObjectStore& store, const ArchiveLayout& layout, const std::string& id);
void write_keep(ObjectStore& store, const ArchiveLayout& layout, const std::string& id, KeepTarget target);
void release_keep(ObjectStore& store, const ArchiveLayout& layout, const std::string& id);

}  // namespace tapster
