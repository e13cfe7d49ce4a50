// barman-cloud-backup-show: one base backup.
#include "backup-show/backup_show_options.h"
#include "process/connectivity.h"
#include "process/exit_status.h"
#include "process/process.h"
#include "process/standard_output.h"

#include <tapster/backup_report.h>
#include <tapster/error.h>
#include <tapster/log.h>

#include <fmt/ranges.h>

namespace {

using namespace tapster;

int show(const BackupShowArguments& arguments) {
  const auto location = StoreLocation::parse(arguments.url, arguments.provider);
  const ArchiveLayout layout(location.prefix, arguments.server_name);
  const ProcessEnvironment environment;
  SystemClock clock;
  const auto store = open_store(location, arguments.store, environment, clock);
  if (arguments.test) return test_connectivity(*store, location);
  const std::string id = resolve_backup(*store, layout, arguments.backup);
  const auto info = read_backup_info(*store, layout, id);
  if (!info) {
    log::error("Backup {} for server {} does not exist", id, arguments.server_name);
    return static_cast<int>(ErrorKind::operation);
  }
  if (!info->unknown_fields.empty()) {
    log::warning("The backup.info of {} has fields that are not known here, and are not shown: {}", id,
                 fmt::join(info->unknown_fields, ", "));
  }
  print(arguments.format == "console" ? show_as_console(id, *info) : show_as_json(id, *info));
  return 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  prepare_process();
  BackupShowArguments arguments;
  if (const auto status = parse_arguments(argc, argv, arguments)) return *status;
  const auto network_exit = arguments.test ? NetworkExit::network : NetworkExit::general;
  return run_command("Barman cloud backup show exception", network_exit, [&] { return show(arguments); });
}
