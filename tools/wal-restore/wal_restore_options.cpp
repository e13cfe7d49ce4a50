#include "wal-restore/wal_restore_options.h"

#include "grammar/values.h"

namespace tapster {

std::optional<int> parse_arguments(int argc, const char* const* argv, WalRestoreArguments& arguments) {
  CommandLine command("barman-cloud-wal-restore",
                      "Fetches a WAL file that barman-cloud-wal-archive stored. Meant to be the restore_command of a "
                      "PostgreSQL server.");
  declare_shared_options(command, arguments);
  command.flag({"--no-partial"}, arguments.no_partial,
               "do not fall back to a partial segment when the whole one is not in the archive");
  command.value({"-p", "--parallel"}, "N", non_negative_setter(arguments.parallel),
                "download the next N segments into the spool directory, N at once, by a process in the background that "
                "ends by itself (default: 0: fetch the requested one only)");
  command.text({"--spool-dir"}, "DIR", arguments.spool_dir,
               "directory for segments that were fetched ahead, and for the form of the last segment (default: "
               "/var/tmp/walrestore)");
  command.positional("source_url", arguments.url, kUrlHelp);
  command.positional("server_name", arguments.server_name, "name of the server within the archive");
  command.positional("wal_name", arguments.wal_name, "name of the WAL file: restore_command's %f");
  command.positional("wal_dest", arguments.wal_dest, "path of the file to write: restore_command's %p");
  return finish_arguments(command, arguments, argc, argv);
}

}  // namespace tapster
