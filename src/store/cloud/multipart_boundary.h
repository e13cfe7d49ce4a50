#pragma once

#include <string>
#include <string_view>

namespace tapster {

// A boundary for a multipart body (RFC 2046, section 5.1.1): the prefix and 32 random hex digits, which no content
// holds by chance. Thread-safe.
std::string random_boundary(std::string_view prefix);

}  // namespace tapster
