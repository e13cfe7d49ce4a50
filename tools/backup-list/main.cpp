// barman-cloud-backup-list: the base backups of a server.
#include "backup-list/backup_list_options.h"
#include "process/command_main.h"
#include "process/server_archive.h"
#include "process/standard_output.h"

#include <tapster/backup_report.h>

namespace {

using namespace tapster;

int list(const BackupListArguments& arguments) {
  const ServerArchive archive(arguments);
  if (arguments.test) return archive.test_connectivity();
  auto catalog = BackupCatalog::read(*archive.store, archive.layout);
  if (arguments.format != "console") {
    print(list_as_json(catalog));
    return 0;
  }
  catalog.read_keeps(*archive.store, archive.layout);
  print(list_as_console(catalog));
  return 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  return tapster::command_main(argc, argv, "Barman cloud backup list exception", tapster::NetworkExit::general, list);
}
