// barman-cloud-backup-delete: deletes base backups, and the WAL that nothing needs any more.
#include "backup-delete/backup_delete_options.h"
#include "process/connectivity.h"
#include "process/exit_status.h"
#include "process/process.h"
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

int remove(const BackupDeleteArguments& arguments) {
  const auto location = StoreLocation::parse(arguments.url, arguments.provider);
  const ArchiveLayout layout(location.prefix, arguments.server_name);
  const ProcessEnvironment environment;
  SystemClock clock;
  const auto store = open_store(location, arguments.store, environment, clock);
  if (arguments.check_object_lock && !store->capabilities().object_lock) {
    log::warning("--check-object-lock is ignored: this kind of store has no object lock");
  }
  if (arguments.test) return test_connectivity(*store, location);

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
  if (!arguments.backup.value_or("").empty()) status = delete_backup(*store, layout, *arguments.backup, options);
  if (policy) status = delete_obsolete(*store, layout, *policy, now(clock), options);
  if (arguments.orphans) status = std::max(status, delete_orphans(*store, layout, clock, options));
  return status;
}

}  // namespace

int main(int argc, char* argv[]) {
  prepare_process();
  BackupDeleteArguments arguments;
  if (const auto status = parse_arguments(argc, argv, arguments)) return *status;
  const NetworkExit network_exit = arguments.test ? NetworkExit::network : NetworkExit::general;
  return run_command("Barman cloud backup delete exception", network_exit, [&] {
    const int status = remove(arguments);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
      throw Error(ErrorKind::general, "cannot write to standard output");
    return status;
  });
}
