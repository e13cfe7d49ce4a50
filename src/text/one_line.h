// Other programs' texts, for messages of one line.
#pragma once

#include <string>
#include <string_view>

namespace tapster {

// The text with every run of blanks and control characters made one blank, and none at its ends.
std::string one_line(std::string_view text);

// The first 300 bytes of that: for texts of any length that a service sends.
std::string short_line(std::string_view text);

}  // namespace tapster
