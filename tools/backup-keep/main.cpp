// barman-cloud-backup-keep: exempts a base backup from the retention policy.
#include "backup-keep/backup_keep_options.h"
#include "process/connectivity.h"
#include "process/exit_status.h"
#include "process/process.h"
#include "process/standard_output.h"

#include <tapster/backup_catalog.h>
#include <tapster/error.h>
#include <tapster/log.h>
#include <tapster/open_store.h>

namespace {

using namespace tapster;

int keep_backup(ObjectStore& store, const ArchiveLayout& layout, const std::string& id, KeepTarget target) {
  const auto info = read_backup_info(store, layout, id);
  if (!info) throw error(ErrorKind::general, "Backup {} for server {} does not exist", id, layout.server_name());
  if (info->status != BackupStatus::done) {
    log::error("Cannot keep backup {} of server {}: its status is {}, and only a backup that is DONE can be kept", id,
               layout.server_name(), name_of(info->status));
    return static_cast<int>(ErrorKind::operation);
  }
  write_keep(store, layout, id, target);
  return 0;
}

int keep(const BackupKeepArguments& arguments) {
  const auto location = StoreLocation::parse(arguments.url, arguments.provider);
  const ArchiveLayout layout(location.prefix, arguments.server_name);
  const ProcessEnvironment environment;
  SystemClock clock;
  const auto store = open_store(location, arguments.store, environment, clock);
  if (arguments.test) return test_connectivity(*store, location);
  const std::string id = resolve_backup(*store, layout, arguments.backup);
  if (arguments.release) {
    release_keep(*store, layout, id);
  } else if (arguments.status) {
    const auto found = read_keep(*store, layout, id);
    print(fmt::format("Keep: {}\n", found ? found->text : "nokeep"));
  } else {
    return keep_backup(*store, layout, id, arguments.target == "full" ? KeepTarget::full : KeepTarget::standalone);
  }
  return 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  prepare_process();
  BackupKeepArguments arguments;
  if (const auto status = parse_arguments(argc, argv, arguments)) return *status;
  const auto network_exit = arguments.test ? NetworkExit::network : NetworkExit::general;
  return run_command("Barman cloud keep exception", network_exit, [&] { return keep(arguments); });
}
