// URLs in messages.
#pragma once

#include <string>
#include <string_view>

namespace tapster {

// The URL without what may be secret: "..." replaces user and password, and the query, which may hold a signature
// (shared access signatures, signed URLs). A text that is no URL is shown up to its first '?'.
std::string shown_url(std::string_view url);

}  // namespace tapster
