// Who asks: how requests to an Azure storage account are authorised.
#pragma once

#include "store/cloud/credentials/access_token.h"

#include <tapster/environment.h>
#include <tapster/http_client.h>
#include <tapster/open_store.h>
#include <tapster/secret.h>
#include <tapster/store_location.h>

#include <memory>
#include <string>

namespace tapster {

// One of the three is set.
struct AzureCredential {
  Secret account_key;                    // base64: Shared Key
  Secret sas;                            // a shared access signature: a query without '?'
  std::shared_ptr<TokenProvider> token;  // bearer tokens for https://storage.azure.com/
};

struct AzureAccount {
  std::string name;      // "devstoreaccount1"
  std::string blob_url;  // to which "/CONTAINER/BLOB" is appended, without a trailing slash
  AzureCredential credential;
};

// The account of `location`, with the strongest of the credentials that the options and the environment offer. Asks
// nothing of the network. `http` and `clock` are borrowed by the token sources. Throws Error (general).
AzureAccount resolve_azure_account(const StoreLocation& location, const StoreOptions& options,
                                   const Environment& environment, HttpClient& http, Clock& clock);

}  // namespace tapster
