// How a backup that went wrong is recorded, and what is said when it went right but for its WAL.
#pragma once

#include <tapster/backup_info.h>

#include <functional>
#include <string>
#include <vector>

namespace tapster {

// One line: what the caller says of its stop, else why the session was lost, else the cause.
std::string failure_reason(bool stopped, const std::function<std::string()>& stop_reason, const std::string& lost,
                           const std::string& cause);

// FAILED, with "failure ACTION (REASON)"; without end fields, which readers take for the sign of a whole backup.
void mark_failed(BackupInfo& info, const std::string& action, const std::string& reason);

// A warning that names the first few; nothing when nothing is missing.
void warn_of_missing(const std::vector<std::string>& segments, const std::string& archive);

// 150018 to "15": of the directories PG_15_* in tablespaces.
std::string major_version(int version);

}  // namespace tapster
