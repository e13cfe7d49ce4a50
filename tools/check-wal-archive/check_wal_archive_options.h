// The command line of barman-cloud-check-wal-archive.
#pragma once

#include "options/shared_options.h"

#include <cstdint>

namespace tapster {

struct CheckWalArchiveArguments : SharedArguments {
  std::optional<std::uint32_t> timeline;
};

// The exit status when the command line ends the command, else nullopt.
std::optional<int> parse_arguments(int argc, const char* const* argv, CheckWalArchiveArguments& arguments);

}  // namespace tapster
