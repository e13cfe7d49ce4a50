// Connection strings ("Configure Azure Storage connection strings").
#pragma once

#include <tapster/secret.h>

#include <string>

namespace tapster {

struct ConnectionString {
  std::string account;
  std::string blob_url;  // "https://ACCOUNT.blob.core.windows.net", without a trailing slash
  Secret account_key;    // one of the two is set: the key when the string has both
  Secret sas;            // without its '?'
};

// KEY=VALUE;KEY=VALUE... Keys are compared without case; those of other services and of secondary endpoints are passed
// over. Throws Error (general) that names the key that is missing or wrong and AZURE_STORAGE_CONNECTION_STRING, but no
// value of it.
ConnectionString parse_connection_string(const Secret& text);

}  // namespace tapster
