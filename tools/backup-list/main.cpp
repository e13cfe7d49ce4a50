// barman-cloud-backup-list: the base backups of a server.
#include "backup-list/backup_list_options.h"
#include "process/connectivity.h"
#include "process/exit_status.h"
#include "process/process.h"
#include "process/standard_output.h"

#include <tapster/backup_report.h>

namespace {

using namespace tapster;

int list(const BackupListArguments& arguments) {
  const auto location = StoreLocation::parse(arguments.url, arguments.provider);
  const ArchiveLayout layout(location.prefix, arguments.server_name);
  const ProcessEnvironment environment;
  SystemClock clock;
  const auto store = open_store(location, arguments.store, environment, clock);
  if (arguments.test) return test_connectivity(*store, location);
  auto catalog = BackupCatalog::read(*store, layout);
  if (arguments.format != "console") {
    print(list_as_json(catalog));
    return 0;
  }
  catalog.read_keeps(*store, layout);
  print(list_as_console(catalog));
  return 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  prepare_process();
  BackupListArguments arguments;
  if (const auto status = parse_arguments(argc, argv, arguments)) return *status;
  const auto network_exit = arguments.test ? NetworkExit::network : NetworkExit::general;
  return run_command("Barman cloud backup list exception", network_exit, [&] { return list(arguments); });
}
