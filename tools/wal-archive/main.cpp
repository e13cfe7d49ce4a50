// barman-cloud-wal-archive: stores one WAL file.
#include "process/connectivity.h"
#include "process/exit_status.h"
#include "process/process.h"
#include "wal-archive/wal_archive_options.h"

#include <tapster/error.h>
#include <tapster/log.h>
#include <tapster/wal_archive.h>

namespace {

using namespace tapster;

int archive(const WalArchiveArguments& arguments) {
  const ProcessEnvironment environment;
  const std::string path = wal_path_to_archive(arguments, environment);
  const auto name = WalName::parse(path.substr(path.rfind('/') + 1));
  if (!name) {
    log::error("{} is an invalid name for a WAL file", path);
    return static_cast<int>(ErrorKind::usage);
  }
  const int parallel = segments_at_once(arguments, environment);
  const auto location = StoreLocation::parse(arguments.url, arguments.provider);
  const ArchiveLayout layout(location.prefix, arguments.server_name);
  SystemClock clock;
  const auto store = open_store(location, arguments.store, environment, clock);
  if (arguments.test) return test_connectivity(*store, location);

  archive_wal(
      *store, layout,
      {.path = path,
       .name = *name,
       .compression = arguments.compression,
       .level = arguments.level,
       .tags = arguments.tags,
       .history_tags = arguments.history_tags,
       .spool_dir = arguments.spool_dir,
       .archive_id = fmt::format("{}\n{}\n{}", arguments.url, arguments.server_name, arguments.store.endpoint_url),
       .parallel = parallel});
  return 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  prepare_process();
  WalArchiveArguments arguments;
  if (const auto status = parse_arguments(argc, argv, arguments)) return *status;
  const NetworkExit network_exit = arguments.test ? NetworkExit::network : NetworkExit::general;
  return run_command("Barman cloud WAL archiver exception", network_exit, [&] { return archive(arguments); });
}
