// What --help and usage errors print.
#pragma once

#include "grammar/command_line.h"

#include <string>

namespace tapster {

// "usage: PROGRAM [options] positionals", wrapped for 80 columns, ending in a newline.
std::string usage_text(const CommandLine& command);

// The usage, the description, every argument with its meaning.
std::string help_text(const CommandLine& command);

}  // namespace tapster
