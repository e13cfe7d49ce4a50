// What backup.info says of a backup, step by step.
#pragma once

#include "postgres/session.h"

#include <tapster/backup_info.h>

#include <cstdint>
#include <functional>
#include <string>

namespace tapster {

void record_server(BackupInfo& info, const ServerFacts& server);
// STARTED. `segment_size` in bytes, here and below.
void record_begin(BackupInfo& info, const BackupStart& begin, std::uint64_t segment_size);
void record_end(BackupInfo& info, const BackupStop& end, std::uint64_t segment_size);

// Why a backup failed, one line: what the caller says of its stop, else why the session was lost, else the cause.
std::string failure_reason(bool stopped, const std::function<std::string()>& stop_reason, const std::string& lost,
                           const std::string& cause);
// FAILED, with "failure ACTION (REASON)"; without end fields, which readers take for the sign of a whole backup.
void record_failure(BackupInfo& info, const std::string& action, const std::string& reason);

}  // namespace tapster
