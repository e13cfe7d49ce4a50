// Managed identities: the place where we run vouches for us.
#include "store/azure/managed_identity/managed_identity.h"

#include "store/cloud/credentials/service_url.h"
#include "text/encoding.h"

#include <utility>

namespace tapster {
namespace {

// A place that has managed identities which we cannot use.
class UnsupportedSource final : public TokenSource {
 public:
  explicit UnsupportedSource(std::string reason) : reason_(std::move(reason)) {}
  std::optional<AccessToken> fetch() override { throw NotAvailable(name(), reason_); }
  std::string name() const override { return "the managed identity"; }

 private:
  std::string reason_;
};

// As the SDK looks for them.
std::unique_ptr<TokenSource> source_here(const IdentityContext& context, bool probe) {
  const IdentitySettings& settings = context.settings;
  if (!settings.identity_endpoint.empty() && !settings.identity_header.empty()) {
    if (settings.identity_thumbprint.empty()) return app_service_source(context);
    return std::make_unique<UnsupportedSource>(
        "those of Service Fabric (IDENTITY_SERVER_THUMBPRINT is set) are not supported");
  }
  if (!settings.identity_endpoint.empty() && !settings.imds_endpoint.empty()) return azure_arc_source(context);
  if (!settings.msi_endpoint.empty()) {
    return std::make_unique<UnsupportedSource>(
        "those of Cloud Shell and Azure Machine Learning (MSI_ENDPOINT is set) are not supported");
  }
  if (!settings.federated_token_file.empty() && !settings.tenant_id.empty() && !settings.client_id.empty()) {
    return workload_identity_source(context);
  }
  return imds_source(context, probe);
}

}  // namespace

HttpRequest managed_identity_request(const IdentityContext& context, const std::string& endpoint,
                                     std::string_view variable, std::string_view api_version) {
  if (!authority_of(endpoint)) {
    throw error(ErrorKind::general, "{} is \"{}\", which is no http:// or https:// URL", variable, endpoint);
  }
  HttpRequest request;
  request.url =
      fmt::format("{}{}api-version={}&resource={}", endpoint, endpoint.find('?') == std::string::npos ? '?' : '&',
                  api_version, percent_encode(kStorageResource));
  if (!context.settings.client_id.empty()) {
    request.url += "&client_id=" + percent_encode(context.settings.client_id);
  }
  request.connect_timeout = std::chrono::seconds(2);
  request.total_timeout = std::chrono::seconds(30);
  request.use_proxy = false;
  return request;
}

std::unique_ptr<TokenSource> managed_identity_source(const IdentityContext& context) {
  return source_here(context, false);
}

std::unique_ptr<TokenSource> probing_managed_identity_source(const IdentityContext& context) {
  return source_here(context, true);
}

}  // namespace tapster
