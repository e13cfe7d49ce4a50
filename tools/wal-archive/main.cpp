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

int main(int argc, char* argv[]) {
  return tapster::command_main(argc, argv, "Barman cloud WAL archiver exception", tapster::NetworkExit::general,
                               archive_file);
}
