#include "check-wal-archive/check_wal_archive_options.h"

#include "grammar/values.h"

namespace tapster {

std::optional<int> parse_arguments(int argc, const char* const* argv, CheckWalArchiveArguments& arguments) {
  CommandLine command("barman-cloud-check-wal-archive",
                      "Checks that a new PostgreSQL server may archive its WAL under this name: that no WAL is there. "
                      "Creates the bucket (or the directory) when it is missing.");
  declare_shared_options(command, arguments);
  command.value({"--timeline"}, "TIMELINE", positive_setter(arguments.timeline),
                "accept WAL files of timelines before this one (default: accept none)");
  command.positional("destination_url", arguments.url, kUrlHelp);
  command.positional("server_name", arguments.server_name, "name of the server within the archive");
  return finish_arguments(command, arguments, argc, argv);
}

}  // namespace tapster
