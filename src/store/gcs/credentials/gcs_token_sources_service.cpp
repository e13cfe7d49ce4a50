// A service account's key: it signs an assertion that buys a token (RFC 7523; "Using OAuth 2.0 for Server to Server
// Applications", Google Identity). Outside the universe googleapis.com the assertion is the token ("Self-signed JWTs",
// AIP-4111).
#include "store/cloud/credentials/jwt.h"
#include "store/cloud/credentials/service_call.h"
#include "store/gcs/credentials/gcs_token_sources.h"
#include "text/one_line.h"

#include <tapster/error.h>

#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <utility>

namespace tapster {
namespace {

constexpr std::chrono::seconds kLifetime{3600};  // the longest that is accepted

constexpr std::array kAssertionCures = {
    Cure{"invalid_grant",
         "the key or its service account was deleted or disabled, or this machine's clock is wrong: compare the "
         "private_key_id with the account's keys"},
    Cure{"invalid_client", "the service account was deleted, or is of another universe"},
};

class ServiceAccountSource final : public TokenSource {
 public:
  ServiceAccountSource(const CredentialFile& file, std::string_view scope, const GoogleNetwork& network)
      : network_(network),
        place_(file.place()),
        email_(file.required("client_email")),
        key_id_(file.text("private_key_id")),
        key_(file.secret("private_key")),
        url_(file.url("token_uri", "https://oauth2.googleapis.com/token")),
        scope_(scope),
        self_signed_(universe_of(file) != kDefaultUniverse) {}

  std::optional<AccessToken> fetch() override {
    const TimePoint now = network_.clock.now();
    if (self_signed_) return AccessToken{sign(now), now + kLifetime};
    SecretForm form;
    form.add("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer").add("assertion", sign(now).reveal());
    return request_token(network_, url_, form, {}, fmt::format("the token service {} for {}", url_, name()),
                         kAssertionCures);
  }

  std::string name() const override { return fmt::format("the service account {} in {}", short_line(email_), place_); }

 private:
  Secret sign(TimePoint now) const {
    const auto issued = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
    nlohmann::json header = {{"alg", "RS256"}, {"typ", "JWT"}};
    if (!key_id_.empty()) header["kid"] = key_id_;
    nlohmann::json claims = {
        {"iss", email_}, {"scope", scope_}, {"iat", issued.count()}, {"exp", (issued + kLifetime).count()}};
    if (self_signed_) {
      claims["sub"] = email_;
    } else {
      claims["aud"] = url_;
    }
    try {
      return make_jwt(header.dump(), claims.dump(), key_);
    } catch (const Error& problem) {  // of the key
      throw error(problem.kind(), "The \"private_key\" in {} cannot be used ({}): create a new key, or copy it again",
                  place_, problem.what());
    }
  }

  GoogleNetwork network_;
  std::string place_;
  std::string email_;
  std::string key_id_;
  Secret key_;
  std::string url_;
  std::string scope_;
  bool self_signed_;
};

}  // namespace

std::unique_ptr<TokenSource> service_account_source(const CredentialFile& file, std::string_view scope,
                                                    const GoogleNetwork& network) {
  return std::make_unique<ServiceAccountSource>(file, scope, network);
}

}  // namespace tapster
