// Workload and workforce identity federation: a subject token of another identity provider buys one of Google's at the
// Security Token Service (RFC 8693; "External account credentials", AIP-4117).
#include "crypto/digest.h"
#include "store/gcs/credentials/gcs_token_sources.h"
#include "store/gcs/credentials/impersonation.h"
#include "store/gcs/credentials/subject_token.h"
#include "text/encoding.h"

#include <tapster/error.h>

#include <nlohmann/json.hpp>

#include <array>
#include <utility>

namespace tapster {
namespace {

constexpr std::array kExchangeCures = {
    Cure{"invalid_grant",
         "the provider of the identity pool does not accept the subject token: compare its issuer, audience, lifetime "
         "and attribute condition (and this machine's clock)"},
    Cure{"invalid_target",
         "check the audience: the identity pool or its provider is deleted or disabled, or is not one"},
    Cure{"unauthorized_client", "the attribute condition of the identity pool's provider rejects this workload"},
    Cure{"invalid_client", "the client_id or the client_secret is wrong"},
};

class ExternalAccountSource final : public TokenSource {
 public:
  ExternalAccountSource(const CredentialFile& file, std::string_view scope, std::unique_ptr<SubjectToken> subject,
                        const GoogleNetwork& network)
      : network_(network),
        place_(file.place()),
        url_(file.url("token_url", fmt::format("https://sts.{}/v1/token", universe_of(file)))),
        audience_(file.required("audience")),
        token_type_(file.required("subject_token_type")),
        client_id_(file.text("client_id")),
        client_secret_(file.text("client_secret")),
        user_project_(file.text("workforce_pool_user_project")),
        scope_(scope),
        subject_(std::move(subject)) {}

  std::optional<AccessToken> fetch() override {
    const Secret subject = subject_->fetch();
    SecretForm form;
    form.add("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")
        .add("audience", audience_)
        .add("scope", scope_)
        .add("requested_token_type", "urn:ietf:params:oauth:token-type:access_token")
        .add("subject_token", subject.reveal())
        .add("subject_token_type", token_type_);
    HttpHeaders headers;
    if (!client_id_.empty()) {
      const Secret pair(fmt::format("{}:{}", client_id_, client_secret_.reveal()));
      headers.emplace_back("Authorization", "Basic " + base64_encode(as_bytes(pair.reveal())));
    } else if (!user_project_.empty()) {  // a client belongs to a project, others name theirs
      form.add("options", nlohmann::json{{"userProject", user_project_}}.dump());
    }
    return request_token(network_, url_, form, headers, fmt::format("the token service {} for {}", url_, name()),
                         kExchangeCures);
  }

  std::string name() const override {
    return fmt::format("the federated identity of {} (by {})", place_, subject_->name());
  }

 private:
  GoogleNetwork network_;
  std::string place_;
  std::string url_;
  std::string audience_;
  std::string token_type_;
  std::string client_id_;
  Secret client_secret_;
  std::string user_project_;
  std::string scope_;
  std::unique_ptr<SubjectToken> subject_;
};

std::chrono::seconds impersonated_lifetime(const CredentialFile& file) {
  const auto settings = file.object("service_account_impersonation");
  const std::int64_t seconds = settings ? settings->number("token_lifetime_seconds").value_or(3600) : 3600;
  if (seconds < 600 || seconds > 43'200) settings->refuse("\"token_lifetime_seconds\" is not from 600 to 43200");
  return std::chrono::seconds(seconds);
}

}  // namespace

std::unique_ptr<SubjectToken> make_subject_token(const SubjectContext& context, const Environment& environment,
                                                 const GoogleNetwork& network) {
  const CredentialFile& source = context.source;
  if (!source.text("environment_id").empty()) return subject_token_from_aws(context, environment, network);
  if (!source.text("file").empty()) return subject_token_from_file(source);
  if (!source.text("url").empty()) return subject_token_from_url(source, network);
  if (source.object("executable")) return subject_token_from_program(context, environment, network.clock);
  source.refuse("There is none of \"file\", \"url\", \"environment_id\" and \"executable\", which are supported,");
}

std::unique_ptr<TokenSource> external_account_source(const CredentialFile& file, std::string_view scope,
                                                     const Environment& environment, const GoogleNetwork& network) {
  const auto source = file.object("credential_source");
  if (!source) file.refuse("There is no \"credential_source\"");
  const std::string impersonation_url = file.optional_url("service_account_impersonation_url");
  const SubjectContext context{*source, file.required("audience"), file.required("subject_token_type"),
                               account_in(impersonation_url)};
  auto subject = make_subject_token(context, environment, network);
  if (impersonation_url.empty()) {
    return std::make_unique<ExternalAccountSource>(file, scope, std::move(subject), network);
  }
  auto caller = std::make_unique<ExternalAccountSource>(file, kImpersonationScope, std::move(subject), network);
  return impersonate(std::move(caller), {impersonation_url, std::string(scope), {}, impersonated_lifetime(file)},
                     network);
}

}  // namespace tapster
