// The command line of barman-cloud-wal-restore.
#pragma once

#include "options/shared_options.h"

namespace tapster {

struct WalRestoreArguments : SharedArguments {
  std::string wal_name;
  std::string wal_dest;
  bool no_partial = false;
  int parallel = 0;  // segments fetched ahead, and at once; 0 and 1: no prefetching
  std::string spool_dir = "/var/tmp/walrestore";
};

// The exit status when the command line ends the command, else nullopt.
std::optional<int> parse_arguments(int argc, const char* const* argv, WalRestoreArguments& arguments);

}  // namespace tapster
