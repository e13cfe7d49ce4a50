// What a command was asked to print.
#pragma once

#include <string_view>

namespace tapster {

// Writes it all to standard output, at once. Throws Error (general) when that fails: a result that nobody
// got is no success.
void print(std::string_view text);

}  // namespace tapster
