// What main() does in every command.
#pragma once

#include "process/exit_status.h"
#include "process/process.h"

#include <string_view>
#include <type_traits>

namespace tapster {

// Prepares the process, reads the command line by the parse_arguments of Arguments, calls `command`, and returns the
// exit status. An error is logged behind `prefix`. With -t a network failure ends with 2, else as `network_exit` says.
template <typename Arguments>
int command_main(int argc, char* argv[], std::string_view prefix, NetworkExit network_exit,
                 int (*command)(Arguments&)) {
  prepare_process();
  std::remove_const_t<Arguments> arguments;
  if (const auto status = parse_arguments(argc, argv, arguments)) return *status;
  return run_command(prefix, arguments.test ? NetworkExit::network : network_exit, [&] { return command(arguments); });
}

}  // namespace tapster
