// The managed identity of App Service, Functions and Container Apps ("How to use managed identities for App Service and
// Azure Functions": REST endpoint reference).
#include "store/azure/credentials/azure_token_answer.h"
#include "store/azure/managed_identity/managed_identity.h"
#include "store/cloud/credentials/service_call.h"

#include <utility>

namespace tapster {
namespace {

class AppServiceSource final : public TokenSource {
 public:
  explicit AppServiceSource(IdentityContext context) : context_(std::move(context)) {}

  std::optional<AccessToken> fetch() override {
    HttpRequest request =
        managed_identity_request(context_, context_.settings.identity_endpoint, "IDENTITY_ENDPOINT", "2019-08-01");
    request.headers = {{"X-IDENTITY-HEADER", std::string(context_.settings.identity_header.reveal())}};
    const HttpResponse response = call_service(context_.http, context_.clock, request, name());
    if (response.status != 200) throw refusal(response, name(), reason_in(response));
    return parse_token(response.body, name(), context_.clock.now());
  }

  std::string name() const override { return "the managed identity (App Service)"; }

 private:
  IdentityContext context_;
};

}  // namespace

std::unique_ptr<TokenSource> app_service_source(const IdentityContext& context) {
  return std::make_unique<AppServiceSource>(context);
}

}  // namespace tapster
