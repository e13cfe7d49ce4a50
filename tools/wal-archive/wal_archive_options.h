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
  std::optional<int> parallel;  // segments at once; absent: the environment tells
  std::string spool_dir = "/var/tmp/walarchive";
};

// The exit status when the command line ends the command, else nullopt.
std::optional<int> parse_arguments(int argc, const char* const* argv, WalArchiveArguments& arguments);

// The file to archive: the argument, or, when Barman runs the command as a pre-archive hook, what
// BARMAN_FILE names. Throws Error (operation) when there is none or the hook is another one.
std::string wal_path_to_archive(const WalArchiveArguments& arguments, const Environment& environment);

// How many segments are archived at once: the command line's number, else TAPSTER_WAL_ARCHIVE_PARALLEL's, else 0 (like
// 1: no more than the one that is asked for). Throws Error (usage) for a variable that holds no such number.
int segments_at_once(const WalArchiveArguments& arguments, const Environment& environment);

}  // namespace tapster
