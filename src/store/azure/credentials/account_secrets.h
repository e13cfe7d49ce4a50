// Account keys and shared access signatures, as they come from variables and connection strings.
#pragma once

#include <tapster/secret.h>

#include <string_view>

namespace tapster {

// Both throw Error (general) in which `origin` ("AZURE_STORAGE_KEY") stands but nothing of the value.
Secret checked_account_key(std::string_view text, std::string_view origin);  // base64
Secret checked_sas(std::string_view text, std::string_view origin);          // a query; its '?' is cut

}  // namespace tapster
