#include "store/azure/credentials/azure_token_sources.h"
#include "text/encoding.h"

namespace tapster {
namespace {

std::string text(const Environment& environment, std::string_view name) {
  return std::string(trim(environment.get(name).value_or("")));
}

bool flag(const Environment& environment, std::string_view name) {
  const std::string value = text(environment, name);
  return value == "1" || equals_ignoring_case(value, "true");
}

// As the SDK takes it: the scheme may be missing.
std::string authority(const Environment& environment) {
  std::string host = text(environment, "AZURE_AUTHORITY_HOST");
  if (host.empty()) return "https://login.microsoftonline.com";
  if (host.find("://") == std::string::npos) host = "https://" + host;
  while (host.ends_with('/')) host.pop_back();
  return host;
}

}  // namespace

IdentitySettings::IdentitySettings(const Environment& environment)
    : tenant_id(text(environment, "AZURE_TENANT_ID")),
      client_id(text(environment, "AZURE_CLIENT_ID")),
      client_secret(environment.get("AZURE_CLIENT_SECRET").value_or("")),
      certificate_path(environment.get("AZURE_CLIENT_CERTIFICATE_PATH").value_or("")),
      certificate_password(environment.get("AZURE_CLIENT_CERTIFICATE_PASSWORD").value_or("")),
      send_certificate_chain(flag(environment, "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")),
      username(text(environment, "AZURE_USERNAME")),
      federated_token_file(environment.get("AZURE_FEDERATED_TOKEN_FILE").value_or("")),
      authority_host(authority(environment)),
      pod_identity_authority(text(environment, "AZURE_POD_IDENTITY_AUTHORITY_HOST")),
      identity_endpoint(text(environment, "IDENTITY_ENDPOINT")),
      identity_header(text(environment, "IDENTITY_HEADER")),
      identity_thumbprint(text(environment, "IDENTITY_SERVER_THUMBPRINT")),
      imds_endpoint(text(environment, "IMDS_ENDPOINT")),
      msi_endpoint(text(environment, "MSI_ENDPOINT")) {}

}  // namespace tapster
