// Microsoft Entra ID's token endpoint: the client credentials grant ("OAuth 2.0 client credentials flow on the
// Microsoft identity platform").
#pragma once

#include "store/azure/credentials/azure_token_sources.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tapster {

// {authority}/{tenant}/oauth2/v2.0/token. Throws Error (general) for a tenant that cannot be one, or an authority that
// is not reached by https.
std::string entra_token_url(const IdentitySettings& settings);

// Fields of a form, with their secrets.
using SecretFields = std::vector<std::pair<std::string, Secret>>;

// Asks for a token for Azure Storage with the application's proof: "client_secret" or an assertion. `source` is for
// messages, in which no proof ever stands, even if the service should echo it. Throws as TokenSource::fetch.
AccessToken ask_entra(const IdentityContext& context, const SecretFields& proof, const std::string& source);

// The fields of a proof by a signed assertion (RFC 7523).
SecretFields assertion_fields(Secret assertion);

// Of AZURE_TENANT_ID and AZURE_CLIENT_ID, and `further` ones, those that are not set: throws NotAvailable when there
// are any. `further` is for people, with whether it is set.
void require_settings(const IdentitySettings& settings, std::string_view source,
                      const std::vector<std::pair<std::string_view, bool>>& further);

}  // namespace tapster
