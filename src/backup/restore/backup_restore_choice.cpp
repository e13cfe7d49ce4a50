// Which backup a restore takes when it is not told by its id.
#include "text/encoding.h"

#include <tapster/backup_restore.h>
#include <tapster/error.h>

#include <algorithm>
#include <charconv>

namespace tapster {
namespace {

bool is_done(const CatalogedBackup& backup) { return backup.info.status == BackupStatus::done; }

// A backup is good for a target that lies behind its end, for it is not consistent before.
bool suits(const CatalogedBackup& backup, const RecoveryTarget& target) {
  const BackupInfo& info = backup.info;
  if (!is_done(backup) || info.snapshots_info) return false;
  if (target.timeline && info.timeline != target.timeline) return false;
  if (target.time && (!info.end_time || info.end_time->instant > target.time->instant)) return false;
  if (target.lsn) {
    const auto end = info.end_xlog ? parse_lsn(*info.end_xlog) : std::nullopt;
    if (!end || *end > *target.lsn) return false;
  }
  return true;
}

// "000000030000..." and "00000003.history" to 3; nullopt for names that are none of the archive's.
std::optional<std::int64_t> timeline_of(std::string_view name) {
  constexpr std::size_t kTimelineDigits = 8, kFolderDigits = 16;
  const bool history = name.size() > kTimelineDigits && name.substr(kTimelineDigits).starts_with(".history");
  const std::size_t digits = history ? kTimelineDigits : kFolderDigits;
  if ((!history && name.size() != kFolderDigits) ||
      !std::all_of(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(digits),
                   [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f'); })) {
    return std::nullopt;
  }
  std::int64_t timeline = 0;
  std::from_chars(name.data(), name.data() + kTimelineDigits, timeline, 16);
  return timeline;
}

}  // namespace

std::optional<std::string> choose_backup(const BackupCatalog& catalog, const RecoveryTarget& target) {
  const auto& backups = catalog.backups();
  const auto found = std::find_if(backups.rbegin(), backups.rend(),
                                  [&](const CatalogedBackup& backup) { return suits(backup, target); });
  if (found == backups.rend()) return std::nullopt;
  return found->id;
}

std::optional<std::string> resolve_restorable(const BackupCatalog& catalog, const std::string& name,
                                              const std::string& server_name) {
  const auto& backups = catalog.backups();
  const bool last = name == "last" || name == "latest";
  if (backups.empty() || (!last && name != "first" && name != "oldest")) return catalog.resolve(name, server_name);
  if (last) {
    const auto found = std::find_if(backups.rbegin(), backups.rend(), is_done);
    return found == backups.rend() ? std::nullopt : std::optional(found->id);
  }
  const auto found = std::find_if(backups.begin(), backups.end(), is_done);
  return found == backups.end() ? std::nullopt : std::optional(found->id);
}

std::int64_t latest_timeline(ObjectStore& store, const ArchiveLayout& layout) {
  std::optional<std::int64_t> latest;
  const std::string prefix = layout.wals_prefix();
  const auto look_at = [&](std::string_view key) {
    key.remove_prefix(prefix.size());
    if (key.ends_with('/')) key.remove_suffix(1);
    if (const auto timeline = timeline_of(key)) latest = std::max(latest.value_or(0), *timeline);
  };
  // Segments lie in folders that begin with their timeline: no need to see each of them.
  store.list(prefix, {.by_folder = true, .page_size = {}}, [&](const ListPage& page) {
    for (const std::string& folder : page.prefixes) look_at(folder);
    for (const ObjectEntry& object : page.objects) look_at(object.key);
    return true;
  });
  if (!latest) {
    throw error(ErrorKind::general, "there is no WAL at {}: the latest timeline is not known", store.describe(prefix));
  }
  return *latest;
}

}  // namespace tapster
