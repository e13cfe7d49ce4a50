// barman-cloud-check-wal-archive: may a new server archive its WAL here?
#include "check-wal-archive/check_wal_archive_options.h"
#include "process/exit_status.h"
#include "process/process.h"

#include <tapster/archive_layout.h>
#include <tapster/error.h>
#include <tapster/log.h>
#include <tapster/wal_check.h>

namespace {

using namespace tapster;

int check(const CheckWalArchiveArguments& arguments) {
  const auto location = StoreLocation::parse(arguments.url, arguments.provider);
  const ArchiveLayout layout(location.prefix, arguments.server_name);
  const ProcessEnvironment environment;
  SystemClock clock;
  const auto store = open_store(location, arguments.store, environment, clock);
  const bool exists = store->container_exists();
  if (arguments.test) return 0;  // the store answered; a missing bucket would be created
  if (!exists) store->create_container();
  try {
    check_wal_archive(*store, layout, arguments.timeline);
  } catch (const Error& failure) {
    if (failure.kind() != ErrorKind::operation) throw;
    log::error("{}", failure.what());  // a verdict, not an accident: no prefix
    return static_cast<int>(ErrorKind::operation);
  }
  return 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  prepare_process();
  CheckWalArchiveArguments arguments;
  if (const auto status = parse_arguments(argc, argv, arguments)) return *status;
  return run_command("Barman cloud WAL archive check exception", NetworkExit::network,
                     [&] { return check(arguments); });
}
