#include "backup/take/backup_record.h"

#include "backup/take/wal_presence.h"

#include <fmt/format.h>

#include <optional>

namespace tapster {

void record_server(BackupInfo& info, const ServerFacts& server) {
  const auto unless_empty = [](const std::string& text) {
    return text.empty() ? std::nullopt : std::optional<std::string>(text);
  };
  info.systemid = unless_empty(server.system_identifier);
  info.pgdata = unless_empty(server.data_directory);
  info.config_file = unless_empty(server.config_file);
  info.hba_file = unless_empty(server.hba_file);
  info.ident_file = unless_empty(server.ident_file);
  info.included_files = server.included_files;
  info.tablespaces = server.tablespaces;
  info.data_checksums = server.data_checksums;
  info.summarize_wal = server.summarize_wal;
  info.cluster_size = server.cluster_size;
  info.version = server.version;
  info.xlog_segment_size = static_cast<std::int64_t>(server.wal_segment_size);
}

void record_begin(BackupInfo& info, const BackupStart& begin, std::uint64_t segment_size) {
  info.status = BackupStatus::started;
  info.begin_time = begin.time;
  info.begin_xlog = begin.lsn_text;
  info.begin_wal = segment_name(begin.timeline, begin.lsn, segment_size);
  info.begin_offset = static_cast<std::int64_t>(begin.lsn % segment_size);
  info.timeline = begin.timeline;
}

void record_end(BackupInfo& info, const BackupStop& end, std::uint64_t segment_size) {
  info.backup_label = end.label;
  info.end_time = end.time;
  info.end_xlog = end.lsn_text;
  info.end_wal = segment_name(end.timeline, end.lsn, segment_size);
  info.end_offset = static_cast<std::int64_t>(end.lsn % segment_size);
}

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

void record_failure(BackupInfo& info, const std::string& action, const std::string& reason) {
  info.status = BackupStatus::failed;
  info.error = fmt::format("failure {} ({})", action, reason);
  info.copy_stats.reset();
  info.end_time.reset();
  info.end_wal.reset();
  info.end_xlog.reset();
  info.end_offset.reset();
}

}  // namespace tapster
