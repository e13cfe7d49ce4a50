#include "restore/restore_options.h"

#include "grammar/values.h"

#include <tapster/error.h>

namespace tapster {
namespace {

void declare_targets(CommandLine& command, RestoreArguments& arguments) {
  command.value(
      {"--target-tli"}, "TLI",
      [&arguments](std::string_view text) {
        if (text != "current" && text != "latest") {
          std::optional<std::uint32_t> number;
          positive_setter(number)(text);
        }
        arguments.target_tli = text;
      },
      "with the backup auto: choose one of this timeline, a number or latest (default: any timeline)");
  const int group = command.exclusive_group();
  command
      .value(
          {"--target-lsn"}, "LSN",
          [&arguments](std::string_view text) {
            arguments.target_lsn = text;
            arguments.has_target_lsn = true;
          },
          "with the backup auto: choose one that ends at this log sequence number at the latest (default: none)")
      .group = group;
  command
      .value(
          {"--target-time"}, "TIME",
          [&arguments](std::string_view text) {
            arguments.target_time = text;
            arguments.has_target_time = true;
          },
          "with the backup auto: choose one that ends at this time at the latest (default: none)")
      .group = group;
}

void declare_snapshots(CommandLine& command, RestoreArguments& arguments) {
  command.section("Options for disk snapshots, which are not supported yet");
  command.text({"--snapshot-recovery-instance"}, "INSTANCE", arguments.snapshot_instance,
               "the instance whose disks were made of the snapshots (default: none)");
  command.text({"--gcp-zone", "--snapshot-recovery-zone"}, "ZONE", arguments.gcp_zone,
               "the zone of the instance (default: none)");
  command.text({"--aws-region"}, "REGION", arguments.aws_region, "the region of the instance (default: none)");
  command.text({"--azure-resource-group"}, "GROUP", arguments.azure_resource_group,
               "the resource group of the instance (default: none)");
}

}  // namespace

std::optional<int> parse_arguments(int argc, const char* const* argv, RestoreArguments& arguments) {
  CommandLine command("barman-cloud-restore",
                      "Restores a base backup of PostgreSQL, made by barman-cloud-backup, into a data directory.");
  declare_shared_options(command, arguments);
  command.value(
      {"--tablespace"}, "NAME:LOCATION",
      [&arguments](std::string_view text) { arguments.tablespaces.emplace_back(text); },
      "restore the tablespace NAME into the directory LOCATION; may be repeated (default: where it was)");
  declare_targets(command, arguments);
  command
      .value(
          {"--jobs"}, "JOBS",
          [&arguments](std::string_view text) {
            std::optional<std::uint32_t> number;
            positive_setter(number)(text);
            arguments.jobs = *number;
            arguments.more_jobs = false;
          },
          "downloads at once (default: 8, and up to 16 while that makes it faster)")
      .addition = true;
  command
      .flag({"--no-sync"}, arguments.no_sync,
            "end without waiting until the files are on disk: a crash of the machine may then damage them")
      .addition = true;
  declare_snapshots(command, arguments);
  command.positional("source_url", arguments.url, kUrlHelp);
  command.positional("server_name", arguments.server_name, "name of the server within the archive");
  command.positional("backup_id", arguments.backup_id,
                     "id or name of the backup, last, first, or auto: the best one for the target");
  command.positional("recovery_dir", arguments.recovery_dir, "the data directory to make: absent or empty");
  return finish_arguments(command, arguments, argc, argv);
}

std::map<std::string, std::string> parse_tablespace_rules(const std::vector<std::string>& rules) {
  std::map<std::string, std::string> result;
  for (const std::string& rule : rules) {
    const std::size_t colon = rule.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == rule.size()) {
      throw error(ErrorKind::usage, "the tablespace rule '{}' is not of the form NAME:LOCATION", rule);
    }
    result.insert_or_assign(rule.substr(0, colon), rule.substr(colon + 1));
  }
  return result;
}

RecoveryTarget parse_recovery_target(const RestoreArguments& arguments) {
  RecoveryTarget target;
  if (!arguments.target_tli.empty() && arguments.target_tli != "current" && !wants_latest_timeline(arguments)) {
    target.timeline = parse_integer(arguments.target_tli);
  }
  if (arguments.has_target_lsn) {
    target.lsn = parse_lsn(arguments.target_lsn);
    if (!target.lsn) {
      throw error(ErrorKind::general, "the target '{}' is no log sequence number: it should look like 16/B374D848",
                  arguments.target_lsn);
    }
  }
  if (arguments.has_target_time) {
    target.time = parse_zoned_time(arguments.target_time);
    if (!target.time) {
      throw error(ErrorKind::general,
                  "the target '{}' is no time: it should look like 2026-11-20 09:33:16.58+01:00, with or without its "
                  "fraction and zone",
                  arguments.target_time);
    }
  }
  return target;
}

}  // namespace tapster
