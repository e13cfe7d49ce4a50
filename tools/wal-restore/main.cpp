// barman-cloud-wal-restore: fetches one WAL file.
#include "process/exit_status.h"
#include "process/process.h"
#include "process/server_archive.h"
#include "wal-restore/fetcher_process.h"
#include "wal-restore/wal_restore_options.h"

#include <tapster/error.h>
#include <tapster/log.h>
#include <tapster/wal_prefetch.h>
#include <tapster/wal_restore.h>

#include <string>

namespace {

using namespace tapster;

int restore(const WalRestoreArguments& arguments, const char* const* argv) {
  const auto name = WalName::parse(arguments.wal_name);
  if (!name) {
    log::error("{} is an invalid name for a WAL file", arguments.wal_name);
    return static_cast<int>(ErrorKind::usage);
  }
  const ServerArchive archive(arguments);
  if (arguments.test) return archive.test_connectivity();

  const auto outcome = restore_wal(
      *archive.store, archive.layout,
      {.name = *name,
       .destination = arguments.wal_dest,
       .no_partial = arguments.no_partial,
       .parallel = arguments.parallel,
       .spool_dir = arguments.spool_dir,
       .archive_id = fmt::format("{}\n{}\n{}", arguments.url, arguments.server_name, arguments.store.endpoint_url),
       .start_fetcher = [argv](const std::string& folder) { start_fetcher_process(folder, argv); }});
  if (outcome == WalRestoreOutcome::restored) return 0;
  log::info("WAL file {} for server {} does not exist", arguments.wal_name, arguments.server_name);
  return static_cast<int>(ErrorKind::operation);
}

int fetch_ahead(const WalRestoreArguments& arguments, const std::string& folder) {
  const ServerArchive archive(arguments);
  prefetch_wal(*archive.store, archive.layout, {.folder = folder});
  return 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  prepare_process();
  const auto folder = folder_to_fetch_into(argv);
  if (folder) prepare_fetcher_process();
  WalRestoreArguments arguments;
  if (const auto status = parse_arguments(argc, argv, arguments)) return folder ? 1 : *status;
  if (!folder) {
    return run_command("Barman cloud WAL restore exception", NetworkExit::network,
                       [&] { return restore(arguments, argv); });
  }
  run_command("Barman cloud WAL prefetching exception", NetworkExit::network,
              [&] { return fetch_ahead(arguments, *folder); });
  return 0;
}
