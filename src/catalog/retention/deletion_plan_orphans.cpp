// Which folders and uploads were left by killed backups.
#include "catalog/retention/deletion_plan.h"

#include <algorithm>
#include <charconv>

namespace tapster {
namespace {

// A running backup stores a part or an object every few seconds, unless it waits for a checkpoint or for WAL.
constexpr auto kAbandonedAfter = std::chrono::hours(24);
// An ID is local time in an unknown zone. UTC-12 is the last zone that reaches it.
constexpr auto kLastZone = std::chrono::hours(12);

// The latest moment that an ID may mean; nullopt when it is no date.
std::optional<TimePoint> latest_time_of(std::string_view id) {
  const auto digits_at = [&](std::size_t at, std::size_t digits) {
    int value = 0;
    std::from_chars(id.data() + at, id.data() + at + digits, value);
    return value;
  };
  const std::chrono::year_month_day date{std::chrono::year(digits_at(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(digits_at(4, 2))),
                                         std::chrono::day(static_cast<unsigned>(digits_at(6, 2)))};
  if (!date.ok()) return std::nullopt;
  return TimePoint(std::chrono::sys_days(date)) + std::chrono::hours(digits_at(9, 2)) +
         std::chrono::minutes(digits_at(11, 2)) + std::chrono::seconds(digits_at(13, 2)) + kLastZone;
}

bool is_old_enough(std::optional<TimePoint> time, TimePoint now) { return time && *time <= now - kAbandonedAfter; }

}  // namespace

bool is_abandoned(const UploadActivity& upload, TimePoint now) {
  return is_old_enough(upload.begun, now) && (!upload.newest_part || is_old_enough(upload.newest_part, now));
}

FolderVerdict judge_backup_folder(std::string_view id, std::span<const ObjectEntry> objects,
                                  std::span<const UploadActivity> uploads, TimePoint now) {
  const auto contains = [&](std::string_view name) {
    return std::any_of(objects.begin(), objects.end(), [&](const auto& object) { return object.key == name; });
  };
  const auto is_annotation = [](const ObjectEntry& object) { return object.key.starts_with(kAnnotationsFolder); };
  if (contains(kBackupInfoName)) return FolderVerdict::has_info;
  if (!is_backup_id(id)) return FolderVerdict::not_a_backup;
  if (objects.empty()) return FolderVerdict::empty;
  if (contains(kKeepName) && !std::all_of(objects.begin(), objects.end(), is_annotation)) return FolderVerdict::kept;
  const bool quiet =
      is_old_enough(latest_time_of(id), now) &&
      std::all_of(objects.begin(), objects.end(),
                  [&](const auto& object) { return is_old_enough(object.modified, now); }) &&
      std::all_of(uploads.begin(), uploads.end(), [&](const auto& upload) { return is_abandoned(upload, now); });
  return quiet ? FolderVerdict::deleted : FolderVerdict::perhaps_running;
}

}  // namespace tapster
