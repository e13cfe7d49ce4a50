// barman-cloud-wal-archive: stores one WAL file.
#include "process/command_main.h"
#include "process/server_archive.h"
#include "wal-archive/wal_archive_options.h"

#include <tapster/error.h>
#include <tapster/log.h>
#include <tapster/wal_archive.h>

namespace {

using namespace tapster;

int archive_file(const WalArchiveArguments& arguments) {
  const ProcessEnvironment environment;
  const std::string path = wal_path_to_archive(arguments, environment);
  const auto name = WalName::parse(path.substr(path.rfind('/') + 1));
  if (!name) {
    log::error("{} is an invalid name for a WAL file", path);
    return static_cast<int>(ErrorKind::usage);
  }
  const int parallel = segments_at_once(arguments, environment);
  const ServerArchive archive(arguments);
  if (arguments.test) return archive.test_connectivity();

  archive_wal(
      *archive.store, archive.layout,
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

// What SIGTERM leaves of wal-archive, and SIGINT, SIGHUP and SIGKILL likewise. No handler is installed: the process
// ends at once, and not with status 0, so PostgreSQL comes again with the segment.
//
// - A segment in one request: the store has the whole object or none. The next run compares what is there.
// - A segment in parts (plain above 100 MiB, on Azure 64 MiB; compressed above 32 MiB): an unfinished upload, which no
//   reader sees. Azure, and Google for its resumable uploads, drops it after a week. Elsewhere
//   `barman-cloud-backup-delete --orphans` or a rule of the bucket for incomplete uploads removes it.
// - In a directory: nothing; or, where the file system has no unnamed files and for segments in parts, a file whose
//   name begins with ".tapster-". The same command removes it.
// - Segments ahead of their turn: objects without a note. They are compared when their turn comes.
// - In the spool: at most a temporary file of a note, which a later run with --parallel removes.
int main(int argc, char* argv[]) {
  return tapster::command_main(argc, argv, "Barman cloud WAL archiver exception", tapster::NetworkExit::general,
                               archive_file);
}
