// A profile of IAM Identity Center (SSO). The portal gives a role's credentials for the token that `aws sso login` left
// in its cache ("GetRoleCredentials", Portal API Reference). A token that expired is renewed where the cache has a
// refresh token and a client ("CreateToken", OIDC API Reference). The cache belongs to the AWS CLI and is not written.
#include "crypto/digest.h"
#include "file/text_file.h"
#include "store/s3/credentials/aws_credential_request.h"
#include "store/s3/credentials/aws_credential_sources.h"
#include "store/s3/credentials/aws_partition.h"
#include "text/encoding.h"
#include "text/json_member.h"
#include "text/time_text.h"

#include <tapster/error.h>
#include <tapster/log.h>

#include <nlohmann/json.hpp>

#include <utility>

namespace tapster {
namespace {

using nlohmann::json;

struct SsoSettings {
  std::string session;  // empty: the older form, without an sso-session section
  std::string start_url;
  std::string region;
  std::string account;
  std::string role;
};

struct SsoToken {
  Secret access;
  TimePoint expires;
  Secret refresh;
  std::string client_id;
  Secret client_secret;
  std::optional<TimePoint> registration_expires;
};

class SsoSource final : public CredentialSource {
 public:
  SsoSource(CredentialContext context, SsoSettings settings)
      : context_(std::move(context)), settings_(std::move(settings)) {}

  std::optional<AwsCredentials> fetch() override {
    const SsoToken& token = valid_token();
    const std::string service = url("sso", "portal.sso");
    HttpRequest request;
    request.url = fmt::format("{}/federation/credentials?account_id={}&role_name={}", service,
                              percent_encode(settings_.account), percent_encode(settings_.role));
    request.headers = {{"x-amz-sso_bearer_token", std::string(token.access.reveal())}};
    const HttpResponse response =
        call_service(context_.http, context_.clock, request, "the SSO portal " + service, {}, is_transient);
    if (response.status == 401) {
      token_.reset();
      throw error(ErrorKind::general, "The SSO portal {} refused the token of profile \"{}\" ({}); {}", service,
                  context_.profile.name(), reason_in(response), cure());
    }
    if (response.status != 200) throw refusal(response, "the SSO portal " + service, reason_in(response));
    const json document = json::parse(response.body, nullptr, false);
    if (!document.is_object() || !document.contains("roleCredentials")) {
      throw error(ErrorKind::general, "The answer of the SSO portal {} has no roleCredentials", service);
    }
    return parse_credentials(document["roleCredentials"].dump(), "the SSO portal " + service,
                             {"accessKeyId", "secretAccessKey", "sessionToken", "expiration"});
  }

  std::string name() const override {
    return fmt::format("SSO, role {} of account {} (profile \"{}\")", settings_.role, settings_.account,
                       context_.profile.name());
  }

 private:
  std::string url(std::string_view service, std::string_view host) const {
    auto configured = configured_endpoint(context_.profile, context_.environment, service);
    if (!configured) {
      return fmt::format("https://{}.{}.{}", host, settings_.region, partition_of(settings_.region).dns_suffix);
    }
    while (configured->ends_with('/')) configured->pop_back();
    return *configured;
  }

  std::string cure() const { return fmt::format("run: aws sso login --profile {}", context_.profile.name()); }

  const SsoToken& valid_token() {
    const TimePoint now = context_.clock.now();
    // Somebody may have logged in again since: then the cache holds a newer token.
    if (!token_ || token_->expires <= now) {
      SsoToken cached = read_cache();
      if (!token_ || cached.expires > now) token_ = std::move(cached);
    }
    if (token_->expires <= now) renew(now);
    return *token_;
  }

  SsoToken read_cache() const {
    const std::string& key = settings_.session.empty() ? settings_.start_url : settings_.session;
    const std::string path =
        expand_home(fmt::format("~/.aws/sso/cache/{}.json", hex_encode(sha1(as_bytes(key)))), context_.environment);
    const auto text = read_text_file(path);
    if (!text) {
      throw error(ErrorKind::general, "The profile \"{}\" uses SSO and there is no token in {}; {}",
                  context_.profile.name(), path, cure());
    }
    const json document = json::parse(*text, nullptr, false);
    const auto expires = document.is_object() ? parse_rfc3339(text_of(document, "expiresAt")) : std::nullopt;
    if (!expires || text_of(document, "accessToken").empty()) {
      throw error(ErrorKind::general, "The SSO token in {} is malformed; {}", path, cure());
    }
    return {Secret(text_of(document, "accessToken")),  *expires,
            Secret(text_of(document, "refreshToken")), text_of(document, "clientId"),
            Secret(text_of(document, "clientSecret")), parse_rfc3339(text_of(document, "registrationExpiresAt"))};
  }

  void renew(TimePoint now) {
    const bool possible = !settings_.session.empty() && !token_->refresh.empty() && !token_->client_id.empty() &&
                          !token_->client_secret.empty() &&
                          (!token_->registration_expires || *token_->registration_expires > now);
    if (!possible) {
      throw error(ErrorKind::general, "The SSO token of profile \"{}\" expired at {}; {}", context_.profile.name(),
                  amz_timestamp(token_->expires), cure());
    }
    const std::string service = url("sso-oidc", "oidc");
    const Secret form(json{{"grantType", "refresh_token"},
                           {"clientId", token_->client_id},
                           {"clientSecret", token_->client_secret.reveal()},
                           {"refreshToken", token_->refresh.reveal()}}
                          .dump(-1, ' ', false, json::error_handler_t::replace));
    MemoryBody body(form.reveal());
    HttpRequest request;
    request.method = "POST";
    request.url = service + "/token";
    request.headers = {{"Content-Type", "application/json"}};
    request.body = &body;
    const HttpResponse response =
        call_service(context_.http, context_.clock, request, "the SSO token service " + service, {}, is_transient);
    const json document = json::parse(response.body, nullptr, false);
    const bool usable = response.status == 200 && document.is_object() && !text_of(document, "accessToken").empty() &&
                        document.contains("expiresIn") && document["expiresIn"].is_number_integer();
    if (!usable) {
      if (is_transient(response)) throw refusal(response, "the SSO token service " + service, reason_in(response));
      throw error(ErrorKind::general, "The SSO token of profile \"{}\" expired and cannot be renewed ({}); {}",
                  context_.profile.name(), response.status == 200 ? "a malformed answer" : reason_in(response), cure());
    }
    token_->access = Secret(text_of(document, "accessToken"));
    token_->expires = now + std::chrono::seconds(document["expiresIn"].get<std::int64_t>());
    if (std::string next = text_of(document, "refreshToken"); !next.empty()) token_->refresh = Secret(std::move(next));
    log::info("Renewed the SSO token of profile \"{}\"", context_.profile.name());
  }

  CredentialContext context_;
  SsoSettings settings_;
  std::optional<SsoToken> token_;
};

}  // namespace

std::unique_ptr<CredentialSource> link_sso(const CredentialContext& context) {
  const AwsProfile& profile = context.profile;
  const auto account = profile.get("sso_account_id");
  const auto role = profile.get("sso_role_name");
  if (!account && !role) return nullptr;
  const std::string session = profile.get("sso_session").value_or("");
  if (!session.empty() && !profile.has_sso_session(session)) {
    throw error(ErrorKind::general, "The profile \"{}\" names the section [sso-session {}], which is not in {}",
                profile.name(), session, profile.path_of(AwsProfile::File::config));
  }
  const auto setting = [&](const char* key) {
    return session.empty() ? profile.get(key) : profile.get_sso_session(session, key);
  };
  const auto start_url = setting("sso_start_url");
  const auto region = setting("sso_region");
  for (const auto& [key, value] : {std::pair("sso_account_id", &account), std::pair("sso_role_name", &role),
                                   std::pair("sso_start_url", &start_url), std::pair("sso_region", &region)}) {
    if (!*value) {
      throw error(ErrorKind::general, "The profile \"{}\" uses SSO, but {} is missing", profile.name(), key);
    }
  }
  return std::make_unique<SsoSource>(context,
                                     SsoSettings{session, *start_url, checked_region(*region), *account, *role});
}

}  // namespace tapster
