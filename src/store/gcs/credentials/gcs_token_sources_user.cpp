// A person's credentials, as `gcloud auth application-default login` leaves them: a refresh token (RFC 6749, section
// 6).
#include "store/gcs/credentials/gcs_token_sources.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace tapster {
namespace {

constexpr std::array kCures = {
    Cure{"invalid_grant", "the login expired or was revoked: run gcloud auth application-default login"},
    Cure{"invalid_client", "the login's client is unknown: run gcloud auth application-default login"},
};

class AuthorizedUserSource final : public TokenSource {
 public:
  AuthorizedUserSource(const CredentialFile& file, const GoogleNetwork& network)
      : network_(network),
        place_(file.place()),
        url_(file.url("token_uri", fmt::format("https://oauth2.{}/token", universe_of(file)))),
        client_id_(file.required("client_id")),
        client_secret_(file.secret("client_secret")),
        refresh_token_(file.secret("refresh_token")) {}

  std::optional<AccessToken> fetch() override {
    SecretForm form;
    form.add("grant_type", "refresh_token")
        .add("client_id", client_id_)
        .add("client_secret", client_secret_.reveal())
        .add("refresh_token", refresh_token_.reveal());
    return request_token(network_, url_, form, {}, fmt::format("the token service {} for {}", url_, name()), kCures);
  }

  std::string name() const override { return fmt::format("the user's login in {}", place_); }

 private:
  GoogleNetwork network_;
  std::string place_;
  std::string url_;
  std::string client_id_;
  Secret client_secret_;
  Secret refresh_token_;
};

}  // namespace

std::unique_ptr<TokenSource> authorized_user_source(const CredentialFile& file, const GoogleNetwork& network) {
  return std::make_unique<AuthorizedUserSource>(file, network);
}

}  // namespace tapster
