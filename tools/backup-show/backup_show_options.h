// The command line of barman-cloud-backup-show.
#pragma once

#include "options/shared_options.h"

namespace tapster {

struct BackupShowArguments : SharedArguments {
  std::string backup;              // an id, a name or a shortcut
  std::string format = "console";  // anything else is JSON
};

// The exit status when the command line ends the command, else nullopt.
std::optional<int> parse_arguments(int argc, const char* const* argv, BackupShowArguments& arguments);

}  // namespace tapster
