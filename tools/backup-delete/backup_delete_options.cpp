#include "backup-delete/backup_delete_options.h"

#include "grammar/values.h"

#include <algorithm>

namespace tapster {

std::optional<int> parse_arguments(int argc, const char* const* argv, BackupDeleteArguments& arguments) {
  CommandLine command("barman-cloud-backup-delete",
                      "Deletes base backups, one of them or those that a retention policy finds obsolete, and the WAL "
                      "that no remaining backup needs.");
  declare_shared_options(command, arguments);
  const int what = command.exclusive_group(true);
  command
      .value(
          {"-b", "--backup-id"}, "BACKUP_ID", [&](std::string_view text) { arguments.backup = std::string(text); },
          "the backup to delete: its ID, its name, or first, oldest, last, latest, last-failed (default: none)")
      .group = what;
  command
      .value(
          {"-r", "--retention-policy"}, "RETENTION_POLICY",
          [&](std::string_view text) { arguments.policy = std::string(text); },
          "delete the backups that are obsolete under this policy: 'REDUNDANCY n' keeps the newest n backups, "
          "'RECOVERY "
          "WINDOW OF n DAYS' (or WEEKS, MONTHS) what recovery to any point of that time needs (default: none)")
      .group = what;
  command.value({"-m", "--minimum-redundancy"}, "MINIMUM_REDUNDANCY", non_negative_setter(arguments.minimum_redundancy),
                "backups that must remain, whatever the policy says (default: 0)");
  command.flag({"--dry-run"}, arguments.dry_run, "print what would be deleted, and delete nothing");
  command.value(
      {"--batch-size"}, "DELETE_BATCH_SIZE",
      [&](std::string_view text) {
        std::optional<int> number;
        integer_setter(number)(text);
        arguments.batch_size = static_cast<std::size_t>(std::max(*number, 1));
      },
      "objects to delete by one request, at least 1 and at most what the store takes (default: what it takes)");
  command.flag(
      {"--check-object-lock"}, arguments.check_object_lock,
      "look whether archives are locked (S3 Object Lock) before a backup is touched, and leave it when one is");
  OptionSpec& orphans = command.flag(
      {"--orphans"}, arguments.orphans,
      "delete what killed backups left more than a day ago, too: archives without backup.info and unfinished uploads; "
      "may be given alone");
  orphans.stands_for = what;
  orphans.addition = true;
  command.positional("source_url", arguments.url, kUrlHelp);
  command.positional("server_name", arguments.server_name, "name of the server within the archive");
  return finish_arguments(command, arguments, argc, argv);
}

}  // namespace tapster
