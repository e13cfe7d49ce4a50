// The command line of barman-cloud-backup-keep.
#pragma once

#include "options/shared_options.h"

namespace tapster {

struct BackupKeepArguments : SharedArguments {
  std::string backup;  // an id, a name or a shortcut
  // Exactly one of the three is given.
  bool release = false;
  bool status = false;
  std::string target;  // "full" or "standalone"
};

// The exit status when the command line ends the command, else nullopt.
std::optional<int> parse_arguments(int argc, const char* const* argv, BackupKeepArguments& arguments);

}  // namespace tapster
