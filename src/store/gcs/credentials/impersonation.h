// Tokens of a service account for somebody who may act as it ("generateAccessToken", IAM Service Account Credentials
// API).
#pragma once

#include "store/cloud/credentials/access_token.h"
#include "store/gcs/credentials/token_endpoint.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace tapster {

struct Impersonation {
  std::string url;    // ".../serviceAccounts/EMAIL:generateAccessToken"
  std::string scope;  // of the token that is asked for
  std::vector<std::string> delegates;
  std::chrono::seconds lifetime{3600};
};

// EMAIL; the URL itself when it is not of that form.
std::string account_in(const std::string& url);

// `caller` gives the tokens of whoever asks, with kImpersonationScope.
std::unique_ptr<TokenSource> impersonate(std::unique_ptr<TokenSource> caller, Impersonation impersonation,
                                         const GoogleNetwork& network);

}  // namespace tapster
