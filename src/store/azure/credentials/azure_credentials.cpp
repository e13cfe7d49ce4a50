#include "store/azure/credentials/azure_credentials.h"

#include "store/azure/credentials/account_secrets.h"
#include "store/azure/credentials/azure_token_sources.h"
#include "store/azure/credentials/connection_string.h"
#include "text/encoding.h"

#include <tapster/error.h>
#include <tapster/log.h>

#include <array>
#include <utility>

namespace tapster {
namespace {

struct TokenMode {
  std::string_view name;  // of --azure-credential
  std::unique_ptr<TokenSource> (*make)(const IdentityContext& context);
};
constexpr std::array kTokenModes = {
    TokenMode{"azure-cli", azure_cli_source},
    TokenMode{"managed-identity", managed_identity_source},
    TokenMode{"default", default_source},
};

std::shared_ptr<TokenProvider> token_provider(std::string_view mode, const Environment& environment, HttpClient& http,
                                              Clock& clock) {
  for (const TokenMode& known : kTokenModes) {
    if (known.name == mode) {
      return std::make_shared<TokenProvider>(known.make({IdentitySettings(environment), http, clock}), clock);
    }
  }
  throw error(ErrorKind::general,
              "There are no Azure credentials called \"{}\": use azure-cli, managed-identity or default", mode);
}

// Whoever listens on the way could use the token anywhere.
void require_https(const AzureAccount& account) {
  if (account.blob_url.starts_with("https://")) return;
  throw error(ErrorKind::general,
              "Tokens are sent by https only, and the account's URL is {}: use https, or set "
              "AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_KEY",
              account.blob_url);
}

AzureAccount account_of(const ConnectionString& connection, const StoreLocation& location) {
  if (!equals_ignoring_case(connection.account, location.account)) {
    log::warning("The URL names the storage account {}, AZURE_STORAGE_CONNECTION_STRING names {}: the latter is used",
                 location.account, connection.account);
  }
  return {connection.account, connection.blob_url, {connection.account_key, connection.sas, nullptr}};
}

}  // namespace

AzureAccount resolve_azure_account(const StoreLocation& location, const StoreOptions& options,
                                   const Environment& environment, HttpClient& http, Clock& clock) {
  AzureAccount account{location.account, location.account_url, {}};
  if (options.azure_credential.empty()) {
    if (const auto text = environment.get("AZURE_STORAGE_CONNECTION_STRING")) {
      return account_of(parse_connection_string(Secret(*text)), location);
    }
  }
  const auto named = environment.get("AZURE_STORAGE_ACCOUNT");
  if (named && !equals_ignoring_case(trim(*named), location.account)) {
    log::warning("AZURE_STORAGE_ACCOUNT is {}, and the URL names the storage account {}: the latter is used", *named,
                 location.account);
  }
  if (options.azure_credential.empty()) {
    if (const auto sas = environment.get("AZURE_STORAGE_SAS_TOKEN")) {
      account.credential.sas = checked_sas(*sas, "AZURE_STORAGE_SAS_TOKEN");
      return account;
    }
    if (const auto key = environment.get("AZURE_STORAGE_KEY")) {
      account.credential.account_key = checked_account_key(*key, "AZURE_STORAGE_KEY");
      return account;
    }
  }
  require_https(account);
  account.credential.token =
      token_provider(options.azure_credential.empty() ? "default" : options.azure_credential, environment, http, clock);
  return account;
}

}  // namespace tapster
