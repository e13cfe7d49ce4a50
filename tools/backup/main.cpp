// barman-cloud-backup: takes a base backup and stores it.
#include "backup/backup_options.h"
#include "process/command_main.h"
#include "process/interruption.h"
#include "process/progress_line.h"
#include "process/server_archive.h"

#include <tapster/error.h>

#include <string>

namespace {

using namespace tapster;

int backup(BackupArguments& arguments) {
  check_arguments(arguments);
  ServerArchive archive(arguments);
  if (arguments.test) return archive.test_connectivity();

  // Before any thread: they all inherit which signals are blocked.
  const Interruption interruption;
  BaseBackupOptions& options = arguments.options;
  options.info_format = choose_info_format(arguments, archive.environment);
  options.stop_reason = [&interruption] { return std::string("interrupted by ") + signal_name(interruption.signal()); };
  ProgressLine progress;
  if (arguments.quiet == 0 && ProgressLine::wanted()) {
    options.progress = [&progress](std::uint64_t copied, std::optional<std::uint64_t> total) {
      progress.show(copied, total);
    };
  }
  if (called_as_hook(archive.environment)) {
    upload_barman_backup(*archive.store, archive.layout, options, archive.environment, archive.clock,
                         interruption.token());
    return 0;
  }
  if (arguments.snapshot.wanted()) {
    throw Error(ErrorKind::general, "backups by disk snapshots are not supported yet");
  }
  take_base_backup(*archive.store, archive.layout, options, archive.clock, interruption.token());
  return 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  return tapster::command_main(argc, argv, "Barman cloud backup exception", tapster::NetworkExit::general, backup);
}
