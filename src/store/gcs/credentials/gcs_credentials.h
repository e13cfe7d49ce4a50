// Who asks: where Google's bearer tokens come from.
#pragma once

#include "store/cloud/credentials/access_token.h"

#include <tapster/environment.h>
#include <tapster/http_client.h>

#include <memory>
#include <string>

namespace tapster {

struct GoogleIdentity {
  std::shared_ptr<TokenProvider> token;  // nullptr: anonymous
  std::string project;                   // of whoever asks, when it is known without a request; may be empty
  std::string quota_project;             // for x-goog-user-project; usually empty
};

// Application Default Credentials. Asks nothing of the network. `http` and `clock` are borrowed by the token sources.
// `anonymous_allowed`: an emulator is in use (STORAGE_EMULATOR_HOST), where an empty key file means anonymous. Throws
// Error (general).
GoogleIdentity resolve_google_identity(const Environment& environment, HttpClient& http, Clock& clock,
                                       bool anonymous_allowed);

}  // namespace tapster
