#include "backup-list/backup_list_options.h"

namespace tapster {

std::optional<int> parse_arguments(int argc, const char* const* argv, BackupListArguments& arguments) {
  CommandLine command("barman-cloud-backup-list", "Lists the base backups of a server.");
  declare_shared_options(command, arguments);
  command.text({"--format"}, "FORMAT", arguments.format,
               "'console': finished backups as a table; anything else: all backups as JSON (default: console)");
  command.positional("source_url", arguments.url, kUrlHelp);
  command.positional("server_name", arguments.server_name, "name of the server within the archive");
  return finish_arguments(command, arguments, argc, argv);
}

}  // namespace tapster
