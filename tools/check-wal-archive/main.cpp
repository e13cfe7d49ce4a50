// barman-cloud-check-wal-archive: checks that a new server may archive its WAL here.
#include "check-wal-archive/check_wal_archive_options.h"
#include "process/command_main.h"
#include "process/server_archive.h"

#include <tapster/error.h>
#include <tapster/log.h>
#include <tapster/wal_check.h>

namespace {

using namespace tapster;

int check(const CheckWalArchiveArguments& arguments) {
  const ServerArchive archive(arguments);
  const bool exists = archive.store->container_exists();
  if (arguments.test) return 0;  // the store has answered; a run without -t would create a missing bucket
  if (!exists) archive.store->create_container();
  try {
    check_wal_archive(*archive.store, archive.layout, arguments.timeline);
  } catch (const Error& failure) {
    if (failure.kind() != ErrorKind::operation) throw;
    log::error("{}", failure.what());  // the result of the check, not a failure of the command: no prefix
    return static_cast<int>(ErrorKind::operation);
  }
  return 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  return tapster::command_main(argc, argv, "Barman cloud WAL archive check exception", tapster::NetworkExit::network,
                               check);
}
