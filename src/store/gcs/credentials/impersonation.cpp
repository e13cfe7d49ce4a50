#include "store/gcs/credentials/impersonation.h"

#include "store/cloud/credentials/service_call.h"
#include "store/gcs/credentials/gcs_token_sources.h"
#include "text/json_member.h"
#include "text/one_line.h"
#include "text/time_text.h"

#include <tapster/body.h>

#include <nlohmann/json.hpp>

#include <array>
#include <utility>

namespace tapster {
namespace {

using nlohmann::json;

constexpr std::array kImpersonationCures = {
    Cure{"PERMISSION_DENIED",
         "whoever asks needs the role roles/iam.serviceAccountTokenCreator on that account (a federated identity "
         "roles/iam.workloadIdentityUser), and the IAM Service Account Credentials API must be enabled"},
    Cure{"NOT_FOUND", "there is no such service account"},
};

AccessToken token_in(const HttpResponse& response, const std::string& service) {
  const json document = json::parse(response.body, nullptr, false);
  AccessToken token{Secret(text_of(document, "accessToken")), parse_rfc3339(text_of(document, "expireTime"))};
  const bool one_word = token.value.reveal().find_first_of("\r\n") == std::string_view::npos;
  if (token.value.empty() || !one_word || !token.expires) {
    throw error(ErrorKind::general, "The answer of {} has no accessToken with an expireTime", service);
  }
  return token;
}

class ImpersonatedSource final : public TokenSource {
 public:
  ImpersonatedSource(std::unique_ptr<TokenSource> caller, Impersonation impersonation, const GoogleNetwork& network)
      : network_(network),
        caller_name_(caller->name()),
        caller_(std::move(caller), network.clock),
        impersonation_(std::move(impersonation)) {}

  std::optional<AccessToken> fetch() override {
    const std::string service = fmt::format("{} for {}", impersonation_.url, name());
    const std::string text = json{{"delegates", impersonation_.delegates},
                                  {"lifetime", fmt::format("{}s", impersonation_.lifetime.count())},
                                  {"scope", json::array({impersonation_.scope})}}
                                 .dump();
    for (bool again = false;; again = true) {
      const AccessToken callers = caller_.get();
      MemoryBody body{std::string_view(text)};
      HttpRequest request;
      request.method = "POST";
      request.url = impersonation_.url;
      request.headers = {{"Content-Type", "application/json"},
                         {"Authorization", fmt::format("Bearer {}", callers.value.reveal())}};
      request.body = &body;
      const HttpResponse response = call_service(network_.http, network_.clock, request, service);
      if (response.status == 200) return token_in(response, service);
      if (response.status != 401 || again) throw google_refusal(response, service, kImpersonationCures);
      caller_.refuse(callers);
    }
  }

  std::string name() const override {
    return fmt::format("the service account {} on behalf of {}", account_in(impersonation_.url), caller_name_);
  }

 private:
  GoogleNetwork network_;
  std::string caller_name_;
  TokenProvider caller_;
  Impersonation impersonation_;
};

}  // namespace

std::string account_in(const std::string& url) {
  constexpr std::string_view kBefore = "/serviceAccounts/";
  const std::size_t at = url.find(kBefore);
  if (at == std::string::npos) return url;
  const std::string rest = url.substr(at + kBefore.size());
  return short_line(rest.substr(0, rest.find_first_of(":/?")));
}

std::unique_ptr<TokenSource> impersonate(std::unique_ptr<TokenSource> caller, Impersonation impersonation,
                                         const GoogleNetwork& network) {
  return std::make_unique<ImpersonatedSource>(std::move(caller), std::move(impersonation), network);
}

std::unique_ptr<TokenSource> impersonated_source(const CredentialFile& file, std::string_view scope,
                                                 const Environment& environment, const GoogleNetwork& network) {
  const auto caller = file.object("source_credentials");
  if (!caller) file.refuse("There is no \"source_credentials\"");
  return impersonate(make_token_source(*caller, kImpersonationScope, environment, network),
                     {file.url("service_account_impersonation_url"), std::string(scope), file.list("delegates")},
                     network);
}

}  // namespace tapster
