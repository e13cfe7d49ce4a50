// barman-cloud-restore: restores a base backup.
#include "process/command_main.h"
#include "process/interruption.h"
#include "process/server_archive.h"
#include "restore/restore_options.h"

#include <tapster/error.h>
#include <tapster/log.h>

#include <algorithm>

namespace {

using namespace tapster;

// The backup that is meant; nullopt: none will do.
std::optional<std::string> find_backup(ObjectStore& store, const ArchiveLayout& layout,
                                       const RestoreArguments& arguments, RecoveryTarget target) {
  if (is_backup_id(arguments.backup_id)) return arguments.backup_id;
  if (arguments.backup_id != "auto") {
    return resolve_restorable(BackupCatalog::read(store, layout), arguments.backup_id, layout.server_name());
  }
  if (arguments.target_tli == "current") {
    throw error(ErrorKind::general, "--target-tli current chooses no backup: give the number of a timeline, or latest");
  }
  if (wants_latest_timeline(arguments)) target.timeline = latest_timeline(store, layout);
  return choose_backup(BackupCatalog::read(store, layout), target);
}

int restore(const RestoreArguments& arguments) {
  const auto tablespaces = parse_tablespace_rules(arguments.tablespaces);
  const auto target = parse_recovery_target(arguments);
  const Interruption interruption;
  const ServerArchive archive(arguments);
  if (arguments.test) return archive.test_connectivity();

  const auto id = find_backup(*archive.store, archive.layout, arguments, target);
  if (!id) {
    log::error("Cannot find any candidate backup for recovery.");
    return static_cast<int>(ErrorKind::operation);
  }
  constexpr std::uint32_t kMostJobs = 64;
  restore_backup(*archive.store, archive.layout,
                 {.id = *id,
                  .target = arguments.recovery_dir,
                  .tablespaces = tablespaces,
                  .jobs = static_cast<int>(std::min(arguments.jobs, kMostJobs)),
                  .more_jobs = arguments.more_jobs,
                  .sync = !arguments.no_sync},
                 interruption.token());
  return 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  return tapster::command_main(argc, argv, "Barman cloud restore exception", tapster::NetworkExit::network, restore);
}
