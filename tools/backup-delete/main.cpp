// barman-cloud-backup-delete: deletes base backups, and the WAL that nothing needs any more.
#include "backup-delete/backup_delete_options.h"
#include "process/command_main.h"
#include "process/server_archive.h"
#include "process/standard_output.h"

#include <tapster/backup_delete.h>
#include <tapster/error.h>
#include <tapster/literal.h>
#include <tapster/log.h>

#include <algorithm>

namespace {

using namespace tapster;

ZonedTime now(const Clock& clock) {
  return {std::chrono::floor<std::chrono::microseconds>(clock.now()), std::chrono::seconds(0)};
}

int delete_backups(const BackupDeleteArguments& arguments) {
  const ServerArchive archive(arguments);
  if (arguments.check_object_lock && !archive.store->capabilities().object_lock) {
    log::warning("--check-object-lock is ignored: this kind of store has no object lock");
  }
  if (arguments.test) return archive.test_connectivity();

  const std::string policy_text = arguments.policy.value_or("");
  const auto policy = RetentionPolicy::parse(policy_text);
  if (!policy_text.empty() && !policy) {
    log::error(
        "Cannot parse the retention policy {}: 'REDUNDANCY n' or 'RECOVERY WINDOW OF n DAYS|WEEKS|MONTHS' is "
        "needed",
        literal_text(policy_text));
    return static_cast<int>(ErrorKind::usage);
  }
  const DeleteOptions options{.dry_run = arguments.dry_run,
                              .batch_size = arguments.batch_size,
                              .check_object_lock = arguments.check_object_lock,
                              .minimum_redundancy = arguments.minimum_redundancy,
                              .print = [](std::string_view line) { print(fmt::format("{}\n", line)); }};
  int status = 0;
  if (!arguments.backup.value_or("").empty())
    status = delete_backup(*archive.store, archive.layout, *arguments.backup, options);
  if (policy) status = delete_obsolete(*archive.store, archive.layout, *policy, now(archive.clock), options);
  if (arguments.orphans)
    status = std::max(status, delete_orphans(*archive.store, archive.layout, archive.clock, options));
  return status;
}

}  // namespace

int main(int argc, char* argv[]) {
  return tapster::command_main(argc, argv, "Barman cloud backup delete exception", tapster::NetworkExit::general,
                               delete_backups);
}
