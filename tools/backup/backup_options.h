// The command line of barman-cloud-backup.
#pragma once

#include "options/shared_options.h"

#include <tapster/base_backup.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tapster {

// Snapshots of the disks of virtual machines: checked as the original does, not supported yet.
struct SnapshotArguments {
  std::string instance;
  std::vector<std::string> disks;
  std::string gcp_zone, gcp_project;
  std::string aws_region, aws_lock_mode, aws_lock_expiration_date;
  std::uint32_t aws_await_timeout = 3600;  // seconds
  std::optional<int> aws_lock_cool_off;    // hours
  std::optional<int> aws_lock_duration;    // days
  std::string azure_subscription_id, azure_resource_group;

  bool wanted() const noexcept { return !instance.empty() || !disks.empty(); }
};

struct BackupArguments : SharedArguments {
  BaseBackupOptions options;
  std::optional<BackupInfoFormat> info_format;  // of the command line
  SnapshotArguments snapshot;
};

// The exit status when the command line ends the command, else nullopt.
std::optional<int> parse_arguments(int argc, const char* const* argv, BackupArguments& arguments);

// Their part of it (borrowed).
void declare_snapshots(CommandLine& command, SnapshotArguments& snapshot);

// What the parser does not see. Throws Error (general).
void check_arguments(const BackupArguments& arguments);
// The format of backup.info: the command line's, else TAPSTER_BACKUP_INFO_FORMAT's, else 3.17. Throws Error (general).
BackupInfoFormat choose_info_format(const BackupArguments& arguments, const Environment& environment);

// --name: not empty, not an id, not a word that stands for a backup, nothing that backup.info cannot keep.
// Throws BadValue.
std::string parse_backup_name(std::string_view text);

}  // namespace tapster
