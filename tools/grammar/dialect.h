// The grammar of the original's command lines, which is that of Python's argparse (3.11): prefixes
// of long options, clusters of short ones, values that look like negative numbers, options between
// positional arguments, lists that end at the next option. One difference: a positional may
// always follow an option (there, an optional positional may not).
#pragma once

#include "grammar/command_line.h"

namespace tapster {

enum class Request { run, help, version };

// Hands every value to its option or positional, in the order of the command line. Stops at the
// first --help or --version. Throws UsageError with argparse's text; what came before the error
// has been stored by then. The views must outlive the stored values' use of them: stores copy.
Request apply_arguments(const CommandLine& command, const std::vector<std::string_view>& arguments);

}  // namespace tapster
