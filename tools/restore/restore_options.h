// The command line of barman-cloud-restore.
#pragma once

#include "options/shared_options.h"

#include <tapster/backup_restore.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tapster {

struct RestoreArguments : SharedArguments {
  std::string backup_id;  // an id, a name, a shortcut or "auto"
  std::string recovery_dir;
  std::vector<std::string> tablespaces;  // NAME:LOCATION, not looked at yet
  std::string target_tli;                // empty, "current", "latest" or a positive integer
  std::string target_lsn, target_time;
  bool has_target_lsn = false, has_target_time = false;
  std::uint32_t jobs = 8;
  bool more_jobs = true;  // none were asked for
  bool no_sync = false;
  // Of disk snapshots: accepted, and of no use yet.
  std::string snapshot_instance, gcp_zone, aws_region, azure_resource_group;
};

// The exit status when the command line ends the command, else nullopt.
std::optional<int> parse_arguments(int argc, const char* const* argv, RestoreArguments& arguments);

// NAME:LOCATION, split at the first colon; the last rule for a name counts. Throws Error (usage).
std::map<std::string, std::string> parse_tablespace_rules(const std::vector<std::string>& rules);

// The target, whose timeline is left out when it is "latest" (see wants_latest_timeline). Throws Error (general).
RecoveryTarget parse_recovery_target(const RestoreArguments& arguments);
inline bool wants_latest_timeline(const RestoreArguments& arguments) { return arguments.target_tli == "latest"; }

}  // namespace tapster
