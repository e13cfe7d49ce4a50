// barman-cloud-backup: takes a base backup and stores it.
#include "backup/backup_options.h"
#include "process/connectivity.h"
#include "process/exit_status.h"
#include "process/interruption.h"
#include "process/process.h"
#include "process/progress_line.h"

#include <tapster/error.h>

#include <string>

namespace {

using namespace tapster;

int backup(BackupArguments& arguments) {
  check_arguments(arguments);
  const ProcessEnvironment environment;
  const auto location = StoreLocation::parse(arguments.url, arguments.provider);
  const ArchiveLayout layout(location.prefix, arguments.server_name);
  SystemClock clock;
  const auto store = open_store(location, arguments.store, environment, clock);
  if (arguments.test) return test_connectivity(*store, location);

  // Before any thread: they all inherit which signals are blocked.
  const Interruption interruption;
  BaseBackupOptions& options = arguments.options;
  options.info_format = choose_info_format(arguments, environment);
  options.stop_reason = [&interruption] { return std::string("interrupted by ") + signal_name(interruption.signal()); };
  ProgressLine progress;
  if (arguments.quiet == 0 && ProgressLine::wanted()) {
    options.progress = [&progress](std::uint64_t copied, std::optional<std::uint64_t> total) {
      progress.show(copied, total);
    };
  }
  if (called_as_hook(environment)) {
    upload_barman_backup(*store, layout, options, environment, clock, interruption.token());
    return 0;
  }
  if (arguments.snapshot.wanted()) {
    throw Error(ErrorKind::general, "backups by disk snapshots are not supported yet");
  }
  take_base_backup(*store, layout, options, clock, interruption.token());
  return 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  prepare_process();
  BackupArguments arguments;
  if (const auto status = parse_arguments(argc, argv, arguments)) return *status;
  const NetworkExit network_exit = arguments.test ? NetworkExit::network : NetworkExit::general;
  return run_command("Barman cloud backup exception", network_exit, [&] { return backup(arguments); });
}
