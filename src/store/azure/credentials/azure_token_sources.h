// Where tokens for Azure Storage come from: Microsoft Entra ID, managed identities, the command-line tools.
//
// Each source is one of azure-identity's credentials ("Azure Identity client library") and follows the same variables.
// A source that is not set up here, or that finds its service missing, throws NotAvailable: alone that ends the
// command, in the chain of `default` the next one is asked. A service that refuses is another Error, and ends the
// chain, too.
#pragma once

#include "store/cloud/credentials/access_token.h"

#include <tapster/clock.h>
#include <tapster/environment.h>
#include <tapster/error.h>
#include <tapster/http_client.h>
#include <tapster/secret.h>

#include <memory>
#include <string>
#include <string_view>

namespace tapster {

inline constexpr std::string_view kStorageResource = "https://storage.azure.com/";
inline constexpr std::string_view kEntraStorageScope = "https://storage.azure.com/.default";

// The variables of Azure's SDKs; empty when not set.
struct IdentitySettings {
  explicit IdentitySettings(const Environment& environment);

  std::string tenant_id;               // AZURE_TENANT_ID
  std::string client_id;               // AZURE_CLIENT_ID
  Secret client_secret;                // AZURE_CLIENT_SECRET
  std::string certificate_path;        // AZURE_CLIENT_CERTIFICATE_PATH
  Secret certificate_password;         // AZURE_CLIENT_CERTIFICATE_PASSWORD
  bool send_certificate_chain;         // AZURE_CLIENT_SEND_CERTIFICATE_CHAIN
  std::string username;                // AZURE_USERNAME
  std::string federated_token_file;    // AZURE_FEDERATED_TOKEN_FILE
  std::string authority_host;          // AZURE_AUTHORITY_HOST, else https://login.microsoftonline.com
  std::string pod_identity_authority;  // AZURE_POD_IDENTITY_AUTHORITY_HOST
  std::string identity_endpoint;       // IDENTITY_ENDPOINT: App Service, Azure Arc
  Secret identity_header;              // IDENTITY_HEADER
  std::string identity_thumbprint;     // IDENTITY_SERVER_THUMBPRINT: Service Fabric
  std::string imds_endpoint;           // IMDS_ENDPOINT: Azure Arc
  std::string msi_endpoint;            // MSI_ENDPOINT: Cloud Shell, Azure Machine Learning
};

// What every source needs. The client and the clock are borrowed.
struct IdentityContext {
  IdentitySettings settings;
  HttpClient& http;
  Clock& clock;
};

// This source has nothing to offer here. The message is whole; `reason` is its last part alone.
class NotAvailable final : public Error {
 public:
  NotAvailable(std::string_view source, std::string reason)
      : Error(ErrorKind::general, fmt::format("Cannot get credentials from {}: {}", source, reason)),
        reason_(std::move(reason)) {}
  const std::string& reason() const noexcept { return reason_; }

 private:
  std::string reason_;
};

// Making one asks nothing and never fails. All fetch() may throw NotAvailable, and what TokenSource says.
std::unique_ptr<TokenSource> client_secret_source(const IdentityContext& context);
std::unique_ptr<TokenSource> client_certificate_source(const IdentityContext& context);
std::unique_ptr<TokenSource> environment_source(const IdentityContext& context);  // whichever of the two is set
std::unique_ptr<TokenSource> workload_identity_source(const IdentityContext& context);
// The one of the place where we are: App Service, Azure Arc, a pod with workload identity, else IMDS.
std::unique_ptr<TokenSource> managed_identity_source(const IdentityContext& context);
std::unique_ptr<TokenSource> probing_managed_identity_source(const IdentityContext& context);  // IMDS: see imds_source
std::unique_ptr<TokenSource> azure_cli_source(const IdentityContext& context);
std::unique_ptr<TokenSource> azure_developer_cli_source(const IdentityContext& context);
// All of them, in the SDK's order; the first that gives a token stays.
std::unique_ptr<TokenSource> default_source(const IdentityContext& context);

// Of managed_identity_source. `probe` asks first whether there is such a service, and waits for one second only.
std::unique_ptr<TokenSource> imds_source(const IdentityContext& context, bool probe);
std::unique_ptr<TokenSource> app_service_source(const IdentityContext& context);
// The challenge's file must lie in `directory`.
std::unique_ptr<TokenSource> azure_arc_source(const IdentityContext& context,
                                              std::string directory = "/var/opt/azcmagent/tokens");

}  // namespace tapster
