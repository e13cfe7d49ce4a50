#include "backup-show/backup_show_options.h"

namespace tapster {

std::optional<int> parse_arguments(int argc, const char* const* argv, BackupShowArguments& arguments) {
  CommandLine command("barman-cloud-backup-show", "Shows what is recorded of a base backup.");
  declare_shared_options(command, arguments);
  command.text({"--format"}, "FORMAT", arguments.format,
               "'console': for people; anything else: everything, as JSON (default: console)");
  command.positional("source_url", arguments.url, kUrlHelp);
  command.positional("server_name", arguments.server_name, "name of the server within the archive");
  command.positional("backup_id", arguments.backup,
                     "ID or name of the backup, or last, latest, first, oldest or last-failed");
  return finish_arguments(command, arguments, argc, argv);
}

}  // namespace tapster
