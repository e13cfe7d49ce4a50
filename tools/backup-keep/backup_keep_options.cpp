#include "backup-keep/backup_keep_options.h"

namespace tapster {
namespace {

constexpr std::string_view kTargets[] = {"full", "standalone"};

}  // namespace

std::optional<int> parse_arguments(int argc, const char* const* argv, BackupKeepArguments& arguments) {
  CommandLine command("barman-cloud-backup-keep",
                      "Keeps a base backup, and WAL with it, whatever the retention policy says; or lets it go.");
  declare_shared_options(command, arguments);
  const int action = command.exclusive_group(true);
  command.flag({"-r", "--release"}, arguments.release, "let the retention policy decide again").group = action;
  command.flag({"-s", "--status"}, arguments.status, "print whether the backup is kept: full, standalone or nokeep")
      .group = action;
  command
      .choice({"--target"}, "{full,standalone}", kTargets, arguments.target,
              "keep the backup and all WAL from its begin on (full), or only the WAL without which it cannot be "
              "restored (standalone) (default: none)")
      .group = action;
  command.positional("source_url", arguments.url, kUrlHelp);
  command.positional("server_name", arguments.server_name, "name of the server within the archive");
  command.positional("backup_id", arguments.backup,
                     "ID or name of the backup, or last, latest, first, oldest or last-failed");
  return finish_arguments(command, arguments, argc, argv);
}

}  // namespace tapster
