// The JSON documents in which tokens come.
#pragma once

#include "store/cloud/credentials/access_token.h"

#include <tapster/clock.h>

#include <string>
#include <string_view>

namespace tapster {

// {"access_token": ..., "expires_on": SECONDS SINCE 1970} or, after `now`, {"expires_in": SECONDS}; numbers may be
// texts. With neither nothing is known of the end. Throws Error (general), in which `source` stands but nothing of the
// document.
AccessToken parse_token(std::string_view document, std::string_view source, TimePoint now);

// What the command-line tools print: the token under `member`, and "expires_on" as above, or else "expiresOn": RFC
// 3339, or local time without a zone. Throws as parse_token.
AccessToken parse_tool_token(std::string_view document, std::string_view member, std::string_view source);

}  // namespace tapster
