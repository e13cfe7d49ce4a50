// The command line of barman-cloud-backup-list.
#pragma once

#include "options/shared_options.h"

namespace tapster {

struct BackupListArguments : SharedArguments {
  std::string format = "console";  // anything else is JSON
};

// The exit status when the command line ends the command, else nullopt.
std::optional<int> parse_arguments(int argc, const char* const* argv, BackupListArguments& arguments);

}  // namespace tapster
