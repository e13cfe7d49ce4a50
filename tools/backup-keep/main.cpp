// barman-cloud-backup-keep: exempts a base backup from the retention policy.
#include "backup-keep/backup_keep_options.h"
#include "process/command_main.h"
#include "process/server_archive.h"
#include "process/standard_output.h"

#include <tapster/backup_catalog.h>
#include <tapster/error.h>
#include <tapster/log.h>

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
  const ServerArchive archive(arguments);
  if (arguments.test) return archive.test_connectivity();
  const std::string id = resolve_backup(*archive.store, archive.layout, arguments.backup);
  if (arguments.release) {
    release_keep(*archive.store, archive.layout, id);
  } else if (arguments.status) {
    const auto found = read_keep(*archive.store, archive.layout, id);
    print(fmt::format("Keep: {}\n", found ? found->text : "nokeep"));
  } else {
    return keep_backup(*archive.store, archive.layout, id,
                       arguments.target == "full" ? KeepTarget::full : KeepTarget::standalone);
  }
  return 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  return tapster::command_main(argc, argv, "Barman cloud keep exception", tapster::NetworkExit::general, keep);
}
