// The command line of barman-cloud-backup-delete.
#pragma once

#include "options/shared_options.h"

#include <cstddef>

namespace tapster {

struct BackupDeleteArguments : SharedArguments {
  std::optional<std::string> backup;  // -b: at most one of these two
  std::optional<std::string> policy;  // -r
  bool orphans = false;
  int minimum_redundancy = 0;
  bool dry_run = false;
  std::size_t batch_size = 0;  // 0: not given
  bool check_object_lock = false;
};

// The exit status when the command line ends the command, else nullopt.
std::optional<int> parse_arguments(int argc, const char* const* argv, BackupDeleteArguments& arguments);

}  // namespace tapster
