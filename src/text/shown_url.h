#pragma once

#include <string>
#include <string_view>

namespace tapster {

// An URL as messages may show it: "..." in the place of a user with a password and of a query, which can be secrets
// (shared access signatures, signed URLs). What is no URL is shown up to its first '?'.
std::string shown_url(std::string_view url);

}  // namespace tapster
