// barman-cloud-backup-show: one base backup.
#include "backup-show/backup_show_options.h"
#include "process/command_main.h"
#include "process/server_archive.h"
#include "process/standard_output.h"

#include <tapster/backup_report.h>
#include <tapster/error.h>
#include <tapster/log.h>

#include <fmt/ranges.h>

namespace {

using namespace tapster;

int show(const BackupShowArguments& arguments) {
  const ServerArchive archive(arguments);
  if (arguments.test) return archive.test_connectivity();
  const std::string id = resolve_backup(*archive.store, archive.layout, arguments.backup);
  const auto info = read_backup_info(*archive.store, archive.layout, id);
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
  return tapster::command_main(argc, argv, "Barman cloud backup show exception", tapster::NetworkExit::general, show);
}
