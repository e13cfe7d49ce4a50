// barman-cloud-wal-restore: fetches one WAL file.
#include "common/connectivity.h"
#include "common/exit_status.h"
#include "common/process.h"
#include "common/wal_restore_options.h"

#include <tapster/error.h>
#include <tapster/log.h>
#include <tapster/wal_restore.h>

namespace {

using namespace tapster;

int restore(const WalRestoreArguments& arguments) {
  const auto name = WalName::parse(arguments.wal_name);
  if (!name) {
    log::error("{} is an invalid name for a WAL file", arguments.wal_name);
    return static_cast<int>(ErrorKind::usage);
  }
  const auto location = StoreLocation::parse(arguments.url, arguments.provider);
  const ArchiveLayout layout(location.prefix, arguments.server_name);
  const ProcessEnvironment environment;
  SystemClock clock;
  const auto store = open_store(location, arguments.store, environment, clock);
  if (arguments.test) return test_connectivity(*store, location);

  const auto outcome = restore_wal(
      *store, layout,
      {.name = *name,
       .destination = arguments.wal_dest,
       .no_partial = arguments.no_partial,
       .parallel = arguments.parallel,
       .spool_dir = arguments.spool_dir,
       .archive_id = fmt::format("{}\n{}\n{}", arguments.url, arguments.server_name, arguments.store.endpoint_url)});
  if (outcome == WalRestoreOutcome::restored) return 0;
  log::info("WAL file {} for server {} does not exist", arguments.wal_name, arguments.server_name);
  return static_cast<int>(ErrorKind::operation);
}

}  // namespace

int main(int argc, char* argv[]) {
  prepare_process();
  WalRestoreArguments arguments;
  if (const auto status = parse_arguments(argc, argv, arguments)) return *status;
  return run_command("Barman cloud WAL restore exception", NetworkExit::network, [&] { return restore(arguments); });
}
