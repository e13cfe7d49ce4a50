// What the endpoints of managed identities have in common.
#pragma once

#include "store/azure/credentials/azure_token_sources.h"

#include <string>
#include <string_view>

namespace tapster {

// {endpoint}?api-version=...&resource=...[&client_id=...], which no proxy must see. `variable` is what says the
// endpoint. Throws Error (general) unless that is an http:// or https:// URL.
HttpRequest managed_identity_request(const IdentityContext& context, const std::string& endpoint,
                                     std::string_view variable, std::string_view api_version);

}  // namespace tapster
