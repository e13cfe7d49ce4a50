#include "backup/take/backup_failure.h"

#include <tapster/log.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <span>

namespace tapster {
namespace {

constexpr std::size_t kNamed = 5;
constexpr int kFirstOfTwoPartVersions = 100000;

}  // namespace

std::string failure_reason(bool stopped, const std::function<std::string()>& stop_reason, const std::string& lost,
                           const std::string& cause) {
  std::string reason = cause;
  if (stopped) {
    reason = stop_reason ? stop_reason() : "interrupted";
  } else if (!lost.empty()) {
    reason = lost;
  }
  return reason.substr(0, reason.find_first_of("\r\n"));
}

void mark_failed(BackupInfo& info, const std::string& action, const std::string& reason) {
  info.status = BackupStatus::failed;
  info.error = fmt::format("failure {} ({})", action, reason);
  info.copy_stats.reset();
  info.end_time.reset();
  info.end_wal.reset();
  info.end_xlog.reset();
  info.end_offset.reset();
}

void warn_of_missing(const std::vector<std::string>& segments, const std::string& archive) {
  if (segments.empty()) return;
  const std::size_t named = std::min(segments.size(), kNamed);
  const std::string more =
      segments.size() > named ? fmt::format(" and {} more", segments.size() - named) : std::string();
  log::warning(
      "this backup cannot be restored before the WAL that it needs is in {}: missing {}{} (does "
      "archive_command store there?)",
      archive, fmt::join(std::span(segments).first(named), ", "), more);
}

std::string major_version(int version) {
  if (version >= kFirstOfTwoPartVersions) return std::to_string(version / 10000);
  return fmt::format("{}.{}", version / 10000, version / 100 % 100);
}

}  // namespace tapster
