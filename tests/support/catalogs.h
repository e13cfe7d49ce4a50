// Backups for tests of retention, without a store.
#pragma once

#include <tapster/backup_catalog.h>

#include <fmt/format.h>

#include <chrono>
#include <string>

namespace tapster::test {

inline std::string segment_name(std::uint32_t timeline, std::uint32_t log, std::uint32_t segment) {
  return fmt::format("{:08X}{:08X}{:08X}", timeline, log, segment);
}

// Day `day` of 2026 at noon, UTC.
inline ZonedTime on_day(int day) {
  using std::chrono::sys_days;
  const sys_days first(std::chrono::year(2026) / 1 / 1);
  return {first + std::chrono::days(day - 1) + std::chrono::hours(12), std::chrono::seconds(0)};
}

// DONE; taken on that day of January 2026, its WAL from `begin` on, one segment.
inline CatalogedBackup backup_of(int day, const std::string& begin, const std::string& end = "") {
  CatalogedBackup backup;
  backup.id = fmt::format("202601{:02}T120000", day);
  backup.info.status = BackupStatus::done;
  backup.info.begin_time = on_day(day);
  backup.info.end_time = on_day(day);
  backup.info.begin_wal = begin;
  backup.info.end_wal = end.empty() ? begin : end;
  backup.info.timeline = std::stoll(begin.substr(0, 8), nullptr, 16);
  return backup;
}

inline CatalogedBackup failed(CatalogedBackup backup) {
  backup.info.status = BackupStatus::failed;
  backup.info.end_time.reset();
  backup.info.end_wal.reset();
  return backup;
}

inline CatalogedBackup kept(CatalogedBackup backup, KeepTarget target = KeepTarget::full) {
  const char* text = target == KeepTarget::standalone ? "standalone" : target == KeepTarget::full ? "full" : "why";
  backup.keep = Keep{target, text};
  return backup;
}

inline CatalogedBackup standalone(CatalogedBackup backup) { return kept(std::move(backup), KeepTarget::standalone); }

}  // namespace tapster::test
