// The base backups of one server, as they lie in the store.
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

// Annotation "keep". Any text but the two known ones keeps like full.
enum class KeepTarget { full, standalone, other };

struct Keep {
  KeepTarget target = KeepTarget::full;
  std::string text;  // the first line of the annotation
};

struct CatalogedBackup {
  std::string id;
  BackupInfo info;
  std::optional<Keep> keep;  // only known after BackupCatalog::read_keeps
};

struct UnreadableBackup {
  std::string id;
  std::string reason;
};

// A snapshot of the catalogue; not thread-safe.
class BackupCatalog {
 public:
  // Lists base/ once and reads every backup.info, several at a time. Folders without one are
  // not backups (they are running, or were killed). What cannot be parsed is kept as unreadable,
  // never an error; unknown fields are a warning. A server that is not there is an empty catalogue.
  // Throws what the store throws.
  static BackupCatalog read(ObjectStore& store, const ArchiveLayout& layout);

  // Looks up the annotations, under the normal key and under the one with a double slash that
  // the original writes when the URL ends in a slash (storage layout: annotations).
  void read_keeps(ObjectStore& store, const ArchiveLayout& layout);

  const std::vector<CatalogedBackup>& backups() const noexcept { return backups_; }  // ascending by id
  const std::vector<UnreadableBackup>& unreadable() const noexcept { return unreadable_; }
  const CatalogedBackup* find(std::string_view id) const noexcept;

  // Every object in a folder below base/, by that folder's name: keys relative to "base/ID/", with sizes and times.
  // Also of folders that have no backup.info, or whose name is no id.
  using Folders = std::map<std::string, std::vector<ObjectEntry>, std::less<>>;
  const Folders& folders() const noexcept { return folders_; }

  // An id (as it is, whether or not it is in the catalogue), last, latest, first, oldest, last-failed, or
  // a backup's name, to the id. Throws Error (general): "Unknown backup 'X' for server 'S'", or
  // the ids that share the name.
  std::string resolve(std::string_view name, const std::string& server_name) const;

  // For planning without a store (tests, random catalogues).
  static BackupCatalog of(std::vector<CatalogedBackup> backups);

 private:
  std::vector<CatalogedBackup> backups_;
  std::vector<UnreadableBackup> unreadable_;
  Folders folders_;
};

// The backup.info of one backup; nullopt: proven absent. Throws Error (general) when it cannot be parsed.
std::optional<BackupInfo> read_backup_info(ObjectStore& store, const ArchiveLayout& layout, const std::string& id);

// resolve() that reads the catalogue only when `name` is not an id.
std::string resolve_backup(ObjectStore& store, const ArchiveLayout& layout, const std::string& name);

// The keep annotation of one backup. Releasing removes both forms of the key; what is not there is fine.
std::optional<Keep> read_keep(ObjectStore& store, const ArchiveLayout& layout, const std::string& id);
void write_keep(ObjectStore& store, const ArchiveLayout& layout, const std::string& id, KeepTarget target);
void release_keep(ObjectStore& store, const ArchiveLayout& layout, const std::string& id);

}  // namespace tapster
