// The command line of barman-cloud-wal-archive.
#pragma once

#include "options/shared_options.h"

#include <tapster/compression.h>
#include <tapster/environment.h>
#include <tapster/object_store.h>

namespace tapster {

struct WalArchiveArguments : SharedArguments {
  std::string wal_path;  // empty: not given
  Compression compression = Compression::none;
  CompressionLevel level;
  std::optional<Tags> tags;
  std::optional<Tags> history_tags;
  std::optional<int> parallel;  // segments at once; absent: see segments_at_once
  std::string spool_dir = "/var/tmp/walarchive";
};

// The exit status when the command line ends the command, else nullopt.
std::optional<int> parse_arguments(int argc, const char* const* argv, WalArchiveArguments& arguments);

// The file to archive: the argument, or, when Barman runs the command as a pre-archive hook, the file that BARMAN_FILE
// names. Throws Error (operation) when there is none, or for any other hook.
std::string wal_path_to_archive(const WalArchiveArguments& arguments, const Environment& environment);

// How many segments are archived at once: the number on the command line, else in TAPSTER_WAL_ARCHIVE_PARALLEL, else 0.
// 0 and 1 mean the requested one alone. Throws Error (usage) when the variable holds no such number.
int segments_at_once(const WalArchiveArguments& arguments, const Environment& environment);

}  // namespace tapster
