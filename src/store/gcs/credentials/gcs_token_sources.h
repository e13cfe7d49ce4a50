// The sources of Google's tokens, one for each kind of credential. Internal to credentials.h.
#pragma once

#include "store/cloud/credentials/access_token.h"
#include "store/gcs/credentials/google_credential_file.h"
#include "store/gcs/credentials/token_endpoint.h"

#include <tapster/environment.h>

#include <memory>
#include <string>

namespace tapster {

inline constexpr std::string_view kDefaultUniverse = "googleapis.com";

// What the store needs and no more: it reads, writes and deletes objects and may create a bucket ("Cloud Storage OAuth
// 2.0 scopes"); who may read them (full_control) is not its business.
inline constexpr std::string_view kStorageScope = "https://www.googleapis.com/auth/devstorage.read_write";
// What it takes to ask for the token of a service account ("generateAccessToken", IAM Service Account Credentials API).
inline constexpr std::string_view kImpersonationScope = "https://www.googleapis.com/auth/iam";

// A source for the credentials in `file`, by its "type". Nothing is asked of the network, and what is asked of the
// environment is asked now. Throws Error (general).
std::unique_ptr<TokenSource> make_token_source(const CredentialFile& file, std::string_view scope,
                                               const Environment& environment, const GoogleNetwork& network);

// "universe_domain", else googleapis.com.
std::string universe_of(const CredentialFile& file);

std::unique_ptr<TokenSource> service_account_source(const CredentialFile& file, std::string_view scope,
                                                    const GoogleNetwork& network);
std::unique_ptr<TokenSource> authorized_user_source(const CredentialFile& file, const GoogleNetwork& network);
std::unique_ptr<TokenSource> external_account_source(const CredentialFile& file, std::string_view scope,
                                                     const Environment& environment, const GoogleNetwork& network);
std::unique_ptr<TokenSource> impersonated_source(const CredentialFile& file, std::string_view scope,
                                                 const Environment& environment, const GoogleNetwork& network);

}  // namespace tapster
